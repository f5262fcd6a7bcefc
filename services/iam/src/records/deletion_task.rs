//! What became of the deletion of a service-linked role.

use api_iam::{
    DeletionTaskFailureReasonType, DeletionTaskStatusType, GetServiceLinkedRoleDeletionStatusResponse, RoleUsageType,
};
use roadstead_core::{Region, Timestamp};
use roadstead_kernel::linked::RoleUsage;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

/// A deletion as stored, under its task id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeletionTask {
    /// The ARN of the role.
    pub role_arn: String,
    /// When the deletion was asked for.
    pub created: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a deletion ended. It is decided and recorded in one step, so it is never unfinished.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// The role is gone.
    Succeeded,
    /// The role is as it was.
    Failed {
        /// Why.
        reason: String,
        /// Where it is used, and by what.
        usage: Vec<(Region, Vec<String>)>,
    },
}

impl Record for DeletionTask {
    const TABLE: &'static str = "iam/deletion-task";
    const VERSION: u16 = 1;
}

impl Outcome {
    /// The failure of a role that something uses.
    pub fn in_use(usage: Vec<RoleUsage>) -> Self {
        Self::Failed {
            reason: "Role in use.".to_owned(),
            usage: usage.into_iter().map(|usage| (usage.region, usage.resources)).collect(),
        }
    }
}

impl DeletionTask {
    /// The status in Amazon's type.
    pub fn to_api(&self) -> GetServiceLinkedRoleDeletionStatusResponse {
        match &self.outcome {
            Outcome::Succeeded => GetServiceLinkedRoleDeletionStatusResponse {
                status: DeletionTaskStatusType::Succeeded,
                reason: None,
            },
            Outcome::Failed { reason, usage } => {
                let usage = usage.iter().map(|(region, resources)| RoleUsageType {
                    region: Some(region.to_string()),
                    resources: Some(resources.clone()),
                });
                GetServiceLinkedRoleDeletionStatusResponse {
                    status: DeletionTaskStatusType::Failed,
                    reason: Some(DeletionTaskFailureReasonType {
                        reason: Some(reason.clone()),
                        role_usage_list: Some(usage.collect()),
                    }),
                }
            }
        }
    }
}
