//! An instance profile: a role for EC2 instances.

use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{Common, Entity, Kind, Role};
use crate::tagging;

/// An instance profile as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// Name, path, id, tags.
    pub common: Common,
    /// The unique id of its role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

impl Record for InstanceProfile {
    const TABLE: &'static str = "iam/instance-profile";
    const VERSION: u16 = 1;
}

impl Entity for InstanceProfile {
    const KIND: Kind = Kind::InstanceProfile;

    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }
}

impl InstanceProfile {
    /// The profile in Amazon's type, with its role.
    pub fn to_api(&self, role: Option<&Role>) -> api_iam::InstanceProfile {
        let common = self.common.clone();
        api_iam::InstanceProfile {
            path: common.path,
            instance_profile_name: common.name,
            instance_profile_id: common.id,
            arn: common.arn,
            create_date: common.created,
            roles: role.map(|role| role.to_brief_api(&role.trust)).into_iter().collect(),
            tags: tagging::to_api_if_any(&common.tags),
        }
    }
}
