//! CloudWatch Logs: log groups and streams, events with retention, reading in order and filtering.

mod arn;
mod cursor;
mod error;
mod intake;
mod journal;
mod lane;
mod listing;
mod live;
mod pattern;
mod policies;
mod position;
mod purge;
mod records;
mod search;
mod tagging;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::{Cx, Fault, Needs, Result, operations};
use roadstead_store::{Scope, Store, Table, Versioned};
use tokio::sync::{Mutex, MutexGuard};

pub use crate::purge::Purged;

use crate::error::{busy, group_not_found, stream_not_found};
use crate::live::LiveTails;
use crate::records::{Group, Policy, Stream};

/// How many locks there are; two streams seldom share one.
const LOCKS: usize = 64;
/// How often a change is tried again that lost a race.
const MAX_RETRIES: usize = 32;

/// The service.
pub struct Logs {
    store: Arc<dyn Store>,
    groups: Table<Group>,
    streams: Table<Stream>,
    policies: Table<Policy>,
    /// Writers of one stream in this process take turns instead of losing races in the store, which guards them anyway.
    turns: Vec<Mutex<()>>,
    /// Those who watch what comes in.
    live: LiveTails,
}

operations! {
    Logs: api_logs,
    create_log_group::CreateLogGroup,
    create_log_stream::CreateLogStream,
    delete_log_group::DeleteLogGroup,
    delete_log_stream::DeleteLogStream,
    delete_resource_policy::DeleteResourcePolicy,
    delete_retention_policy::DeleteRetentionPolicy,
    describe_log_groups::DescribeLogGroups,
    describe_log_streams::DescribeLogStreams,
    describe_resource_policies::DescribeResourcePolicies,
    filter_log_events::FilterLogEvents,
    get_log_events::GetLogEvents,
    list_log_groups::ListLogGroups,
    list_tags_for_resource::ListTagsForResource,
    list_tags_log_group::ListTagsLogGroup,
    put_log_events::PutLogEvents,
    put_log_group_deletion_protection::PutLogGroupDeletionProtection,
    put_resource_policy::PutResourcePolicy,
    put_retention_policy::PutRetentionPolicy,
    tag_log_group::TagLogGroup,
    tag_resource::TagResource,
    untag_log_group::UntagLogGroup,
    untag_resource::UntagResource;
    start_live_tail::StartLiveTail,
}

impl Logs {
    /// The service over a store.
    pub fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            groups: Table::new(Arc::clone(&store)),
            streams: Table::new(Arc::clone(&store)),
            policies: Table::new(Arc::clone(&store)),
            turns: (0..LOCKS).map(|_| Mutex::default()).collect(),
            live: LiveTails::default(),
            store,
        })
    }

    /// A group by name; `ResourceNotFoundException` without one.
    pub(crate) async fn group(&self, place: Place, name: &str) -> Result<Versioned<Group>> {
        self.groups
            .get(scope(&place), &[name])
            .await?
            .ok_or_else(group_not_found)
    }

    /// A stream by names; `ResourceNotFoundException` without one.
    pub(crate) async fn stream(&self, place: Place, group: &str, name: &str) -> Result<Versioned<Stream>> {
        self.streams
            .get(scope(&place), &[group, name])
            .await?
            .ok_or_else(stream_not_found)
    }

    /// Changes a group; `ResourceNotFoundException` without one.
    pub(crate) async fn change_group(
        &self,
        cx: &Cx,
        name: &str,
        change: impl FnMut(&mut Group) -> Result<()>,
    ) -> Result<()> {
        match self.groups.update(scope(&cx.place()), &[name], change).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(group_not_found()),
            Err(fault) => Err(lost(fault)),
        }
    }

    /// Waits for the turn to write to a stream.
    pub(crate) async fn turn(&self, group: &str, stream: &str) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        (group, stream).hash(&mut hasher);
        let [low, ..] = hasher.finish().to_le_bytes();
        match self.turns.get(usize::from(low) % LOCKS) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        }
    }

    /// Needs on a group as policies name it, with its tags.
    pub(crate) async fn needs_on_group(&self, cx: &Cx, name: &str) -> Result<Needs> {
        self.needs_on(cx, name, arn::group_in_policies(cx.place(), name)).await
    }

    /// Needs on a stream, with the tags of its group and what resource policies allow.
    pub(crate) async fn needs_on_stream(&self, cx: &Cx, group: &str, stream: &str) -> Result<Needs> {
        let needs = self.needs_on(cx, group, arn::stream(cx.place(), group, stream)).await?;
        self.with_policies(cx.place(), needs).await
    }

    /// Needs on a resource of a group, with the group's tags.
    pub(crate) async fn needs_on(&self, cx: &Cx, group: &str, arn: String) -> Result<Needs> {
        let found = self.groups.get(scope(&cx.place()), &[group]).await?;
        let tags = found.map_or_else(Tags::new, |found| found.record.tags);
        let keys = tags
            .iter()
            .map(|(key, value)| (format!("aws:ResourceTag/{key}"), value));
        Ok(keys.fold(Needs::on(arn), |needs, (key, value)| needs.key(key, value)))
    }
}

/// The scope of a place's records.
pub(crate) fn scope(place: &Place) -> Scope<'_> {
    Scope::new(place.account.as_str(), place.region.as_str())
}

/// What a caller is told when a change lost every race.
pub(crate) fn lost(fault: Fault) -> Fault {
    if fault.is_conflict() { busy() } else { fault }
}
