//! A role.

use std::collections::BTreeMap;

use roadstead_kernel::Fault;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{Common, Entity, Holder, Kind, boundary_to_api};
use crate::{documents, problems, tagging};

/// A role as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Name, path, id, tags.
    pub common: Common,
    /// Who may assume it, in canonical form.
    pub trust: String,
    /// The unique ids of users and roles of the account that the trust policy names, by what it calls them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trusted: BTreeMap<String, String>,
    /// The description; an empty one is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The longest session, in seconds.
    pub max_session_secs: u32,
    /// The managed policy that limits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<String>,
    /// Inline policies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inline: BTreeMap<String, String>,
    /// ARNs of attached policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<String>,
    /// For a service-linked role, the service principal it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked: Option<String>,
}

impl Record for Role {
    const TABLE: &'static str = "iam/role";
    const VERSION: u16 = 1;
}

impl Entity for Role {
    const KIND: Kind = Kind::Role;

    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }

    fn boundary(&self) -> Option<&str> {
        self.boundary.as_deref()
    }

    fn changeable(&self) -> Result<(), Fault> {
        if self.linked.is_some() {
            Err(problems::protected(&self.common.name))
        } else {
            Ok(())
        }
    }
}

impl Holder for Role {
    const INLINE_LIMIT: usize = 10_240;
    const ATTACHED_QUOTA: &'static str = "PoliciesPerRole";

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

    fn service_policy_refused() -> Fault {
        problems::not_attachable("Cannot attach a Service Role Policy to a Customer Role.")
    }
}

impl Role {
    /// What every operation shows of a role, the trust policy being the given text.
    pub fn to_brief_api(&self, trust: &str) -> api_iam::Role {
        let common = self.common.clone();
        api_iam::Role {
            path: common.path,
            role_name: common.name,
            role_id: common.id,
            arn: common.arn,
            create_date: common.created,
            assume_role_policy_document: Some(documents::encoded(trust)),
            ..api_iam::Role::default()
        }
    }

    /// What ListRoles shows of a role.
    pub fn to_listed_api(&self) -> api_iam::Role {
        api_iam::Role {
            description: Some(self.description.clone()).filter(|text| !text.is_empty()),
            max_session_duration: i32::try_from(self.max_session_secs).ok(),
            ..self.to_brief_api(&self.trust)
        }
    }

    /// What GetRole shows of a role, its last use aside.
    pub fn to_api(&self) -> api_iam::Role {
        api_iam::Role {
            permissions_boundary: self.boundary.as_deref().map(boundary_to_api),
            tags: tagging::to_api_if_any(&self.common.tags),
            ..self.to_listed_api()
        }
    }
}
