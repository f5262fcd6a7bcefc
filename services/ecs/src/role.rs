//! `AWSServiceRoleForECS`: made when ECS is first used, and reported as in use while clusters are active.

use api_iam::CreateServiceLinkedRoleRequest;
use api_iam::op::CreateServiceLinkedRole;
use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Region};
use roadstead_kernel::linked::{LinkedRoleUsage, RoleUsage};
use roadstead_kernel::{BoxFuture, Cx, Fault, Result};
use roadstead_store::{Record, Scope, Table};
use serde::{Deserialize, Serialize};

use crate::records::Cluster;

/// ECS as policies and trust documents name it.
pub const SERVICE: &str = "ecs.amazonaws.com";
/// The role's name.
pub const ROLE: &str = "AWSServiceRoleForECS";
// AWS: recorded; a user's own CreateServiceLinkedRole sets only what the user sends.
const DESCRIPTION: &str = "Policy to enable Amazon ECS to manage your EC2 instances and related resources.";

/// The ARN of the role in an account.
pub fn arn(place: Place) -> String {
    place.global_arn("iam", format_args!("role/aws-service-role/{SERVICE}/{ROLE}"))
}

/// Remembers for which role a region's clusters last attempted the creation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempted {
    /// The unique id of the role that was there afterwards.
    pub role_id: String,
}

impl Record for Attempted {
    const TABLE: &'static str = "ecs/linked-role";
    const VERSION: u16 = 1;
}

/// Sees to it that the role exists, as the caller and with the caller's permission; best effort.
///
/// A caller who may not create roles gets the cluster all the same. The attempt is made when the role is absent, and
/// once per region since the role was made: every recording of AWS fits that rule.
pub async fn ensure(cx: &Cx, attempted: &Table<Attempted>) -> Result<()> {
    let owned = crate::scope(cx);
    let scope = owned.of();
    let role_id = || async {
        Ok::<_, Fault>(
            cx.directory()
                .role(cx.account(), ROLE)
                .await?
                .map(|r| r.identity.id.clone()),
        )
    };
    let before = role_id().await?;
    let known = attempted.get(scope, &[]).await?.map(|found| found.record.role_id);
    if before.is_some() && before == known {
        return Ok(());
    }
    let input = CreateServiceLinkedRoleRequest {
        aws_service_name: SERVICE.to_owned(),
        description: Some(DESCRIPTION.to_owned()),
        ..CreateServiceLinkedRoleRequest::default()
    };
    match cx.onward::<CreateServiceLinkedRole>(SERVICE, input).await {
        Ok(_) | Err(Fault::Api(_)) => {}
        Err(internal) => return Err(internal),
    }
    if let Some(role_id) = role_id().await? {
        attempted.put(scope, &[], &Attempted { role_id }).await?;
    }
    Ok(())
}

/// Tells IAM where the role is in use: every region's active clusters.
pub struct Usage {
    clusters: Table<Cluster>,
}

impl Usage {
    /// Reads the clusters of a store.
    pub fn new(clusters: Table<Cluster>) -> Self {
        Self { clusters }
    }
}

impl LinkedRoleUsage for Usage {
    fn service(&self) -> &'static str {
        SERVICE
    }

    fn usage(&self, account: AccountId) -> BoxFuture<'_, Result<Vec<RoleUsage>>> {
        Box::pin(async move {
            let mut found = Vec::new();
            for region in Region::all() {
                let place = Place { account, region };
                let clusters = self
                    .clusters
                    .list_all(Scope::new(account.as_str(), region.as_str()))
                    .await?;
                let resources: Vec<String> = clusters
                    .iter()
                    .filter(|cluster| cluster.record.is_active())
                    .map(|cluster| crate::arn::cluster(place, &cluster.record.name))
                    .collect();
                if !resources.is_empty() {
                    found.push(RoleUsage { region, resources });
                }
            }
            Ok(found)
        })
    }
}
