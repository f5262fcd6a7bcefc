//! Follows EC2's security groups, so that a changed rule is in force at once where tasks are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use roadstead_control::Controller;
use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Region};
use roadstead_ecs::control::TaskControl;
use roadstead_kernel::Result;
use roadstead_store::{Events, KeyParts, Range, Store, StoreError};

/// Where EC2 keeps them. Only that one of them changed is seen here; what it says, ECS asks EC2 through its role.
const TABLE: &str = "ec2/security-group";
/// How long to wait after a failure.
const AGAIN: Duration = Duration::from_secs(1);

/// Follows them until the store closes.
pub async fn follow(store: Arc<dyn Store>, tasks: Arc<Controller<TaskControl>>) {
    loop {
        match follow_once(&*store, tasks.reconciler()).await {
            Ok(Again::Now) => {}
            Ok(Again::Never) => return,
            Err(fault) => {
                tracing::warn!(%fault, "the rules of security groups could not be read; it is tried again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

enum Again {
    Now,
    Never,
}

async fn follow_once(store: &dyn Store, tasks: &TaskControl) -> Result<Again> {
    let (_, revision) = store.range(Range::all().limit(1)).await?;
    let mut watch = store.watch(Bytes::new(), revision);
    tasks.networks().refresh_all().await?;
    loop {
        match watch.next().await {
            Ok(events) => {
                for (place, groups) in changed(&events) {
                    tasks.networks().refresh(place, &groups).await?;
                }
            }
            Err(StoreError::Compacted { .. }) => return Ok(Again::Now),
            Err(StoreError::Closed) => return Ok(Again::Never),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The security groups that a transaction changed, by account and region.
fn changed(events: &Events) -> Vec<(Place, Vec<String>)> {
    let mut found: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let keys = events.changes.iter().filter_map(|change| KeyParts::parse(change.key()));
    for key in keys.filter(|key| key.table == TABLE) {
        let groups = found.entry((key.account, key.region)).or_default();
        groups.extend(key.id.into_iter().next());
    }
    let placed = found.into_iter().filter_map(|((account, region), groups)| {
        let place = Place {
            account: AccountId::parse(&account)?,
            region: Region::parse(&region)?,
        };
        Some((place, groups.into_iter().collect()))
    });
    placed.collect()
}
