//! A user.

use std::collections::BTreeMap;

use roadstead_core::Timestamp;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{Common, Entity, Holder, Kind, boundary_to_api};
use crate::tagging;

/// A user as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Name, path, id, tags.
    pub common: Common,
    /// The managed policy that limits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<String>,
    /// Inline policies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inline: BTreeMap<String, String>,
    /// ARNs of attached policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<String>,
    /// Unique ids of the groups it is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Ids of its access keys, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access_keys: Vec<String>,
    /// The console password, as far as it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
}

/// That a user has a password. The password itself is not kept: nothing here takes one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Login {
    /// When the profile was made.
    pub created: Timestamp,
    /// Whether the password must be changed.
    pub reset_required: bool,
}

impl Login {
    /// The profile in Amazon's type.
    pub fn to_api(&self, user_name: String) -> api_iam::LoginProfile {
        api_iam::LoginProfile {
            user_name,
            create_date: self.created,
            password_reset_required: Some(self.reset_required),
        }
    }
}

impl Record for User {
    const TABLE: &'static str = "iam/user";
    const VERSION: u16 = 1;
}

impl Entity for User {
    const KIND: Kind = Kind::User;

    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }

    fn boundary(&self) -> Option<&str> {
        self.boundary.as_deref()
    }
}

impl Holder for User {
    const INLINE_LIMIT: usize = 2048;
    const ATTACHED_QUOTA: &'static str = "PoliciesPerUser";

    fn inline(&self) -> &BTreeMap<String, String> {
        &self.inline
    }

    fn inline_mut(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.inline
    }

    fn attached(&self) -> &Vec<String> {
        &self.attached
    }

    fn attached_mut(&mut self) -> &mut Vec<String> {
        &mut self.attached
    }
}

impl User {
    /// What lists show of a user.
    pub fn to_listed_api(&self) -> api_iam::User {
        let common = self.common.clone();
        api_iam::User {
            path: common.path,
            user_name: common.name,
            user_id: common.id,
            arn: common.arn,
            create_date: common.created,
            ..api_iam::User::default()
        }
    }

    /// What GetUser shows of a user.
    pub fn to_api(&self) -> api_iam::User {
        api_iam::User {
            permissions_boundary: self.boundary.as_deref().map(boundary_to_api),
            tags: tagging::to_api_if_any(&self.common.tags),
            ..self.to_listed_api()
        }
    }
}
