//! Follows EC2's security groups and VPCs, so that what changed there is in force at once where tasks are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use roadstead_control::Controller;
use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Region};
use roadstead_ec2::Enforcer;
use roadstead_ecs::control::TaskControl;
use roadstead_kernel::{BoxFuture, Result};
use roadstead_store::{Events, KeyParts, Range, Revision, Store, StoreError};
use tokio::sync::watch;

/// Where EC2 keeps security groups. Only that one changed is seen here; what it says, ECS asks EC2 through its role.
const GROUPS: &str = "ec2/security-group";
/// Where EC2 keeps VPCs.
const VPCS: &str = "ec2/vpc";
/// How long a change waits to be in force before it is answered all the same.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait after a failure.
const AGAIN: Duration = Duration::from_secs(1);

/// Up to which revision changes are in force; nothing while nobody follows them.
#[derive(Debug, Default)]
pub struct InForce(watch::Sender<Option<Revision>>);

impl Enforcer for InForce {
    fn in_force(&self, revision: Revision) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut seen = self.0.subscribe();
            let done = seen.wait_for(|seen| seen.is_none_or(|seen| seen >= revision));
            if tokio::time::timeout(PATIENCE, done).await.is_err() {
                tracing::warn!(
                    revision,
                    "a change of security groups is answered before it is in force"
                );
            }
        })
    }
}

/// Follows them until the store closes.
pub async fn follow(store: Arc<dyn Store>, tasks: Arc<Controller<TaskControl>>, in_force: Arc<InForce>) {
    loop {
        let followed = follow_once(&*store, tasks.reconciler(), &in_force).await;
        // Nobody waits for what is not followed.
        in_force.0.send_replace(None);
        match followed {
            Ok(Again::Now) => {}
            Ok(Again::Never) => return,
            Err(fault) => {
                tracing::warn!(%fault, "what changed in EC2 could not be read; it is tried again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

enum Again {
    Now,
    Never,
}

async fn follow_once(store: &dyn Store, tasks: &TaskControl, in_force: &InForce) -> Result<Again> {
    let (_, revision) = store.range(Range::all().limit(1)).await?;
    let mut watch = store.watch(Bytes::new(), revision);
    tasks.networks().refresh_all().await?;
    tasks.networks().refresh_all_vpcs().await?;
    in_force.0.send_replace(Some(revision));
    loop {
        match watch.next().await {
            Ok(events) => {
                for (place, groups) in changed(&events, GROUPS) {
                    tasks.networks().refresh(place, &groups).await?;
                }
                for (_, vpcs) in changed(&events, VPCS) {
                    tasks.networks().refresh_vpcs(&vpcs).await?;
                }
                in_force.0.send_replace(Some(events.revision));
            }
            Err(StoreError::Compacted { .. }) => return Ok(Again::Now),
            Err(StoreError::Closed) => return Ok(Again::Never),
            Err(error) => return Err(error.into()),
        }
    }
}

/// What a transaction changed in a table, by account and region.
fn changed(events: &Events, table: &str) -> Vec<(Place, Vec<String>)> {
    let mut found: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let keys = events.changes.iter().filter_map(|change| KeyParts::parse(change.key()));
    for key in keys.filter(|key| key.table == table) {
        let ids = found.entry((key.account, key.region)).or_default();
        ids.extend(key.id.into_iter().next());
    }
    let placed = found.into_iter().filter_map(|((account, region), ids)| {
        let place = Place {
            account: AccountId::parse(&account)?,
            region: Region::parse(&region)?,
        };
        Some((place, ids.into_iter().collect()))
    });
    placed.collect()
}
