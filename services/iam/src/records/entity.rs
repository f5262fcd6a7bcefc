//! What roles, users, groups, instance profiles and policies have in common.

use std::collections::BTreeMap;

use api_iam::{AttachedPermissionsBoundary, PermissionsBoundaryAttachmentType};
use roadstead_core::{Tags, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use crate::problems;

/// The kinds of named entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// A role.
    Role,
    /// A user.
    User,
    /// A group.
    Group,
    /// An instance profile.
    InstanceProfile,
    /// A customer managed policy.
    Policy,
}

impl Kind {
    /// The word in ARNs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::User => "user",
            Self::Group => "group",
            Self::InstanceProfile => "instance-profile",
            Self::Policy => "policy",
        }
    }

    /// The word in messages.
    pub const fn noun(self) -> &'static str {
        self.word()
    }

    /// The word at the beginning of a message.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::User => "User",
            Self::Group => "Group",
            Self::InstanceProfile => "Instance Profile",
            Self::Policy => "Policy",
        }
    }

    /// What unique ids begin with.
    pub const fn id_prefix(self) -> &'static str {
        match self {
            Self::Role => "AROA",
            Self::User => "AIDA",
            Self::Group => "AGPA",
            Self::InstanceProfile => "AIPA",
            Self::Policy => "ANPA",
        }
    }
}

/// What every named entity has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Common {
    /// The path, with both slashes.
    pub path: String,
    /// The name in the letter case it was made with.
    pub name: String,
    /// The unique id, such as `AROA…`.
    pub id: String,
    /// The ARN.
    pub arn: String,
    /// When it was made, to the second.
    pub created: Timestamp,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// A named entity that is stored under its name, letter case ignored.
pub trait Entity: Record + Clone {
    /// Which kind it is.
    const KIND: Kind;

    /// What it has in common with the others.
    fn common(&self) -> &Common;

    /// The same, to be changed.
    fn common_mut(&mut self) -> &mut Common;

    /// The managed policy that limits it.
    fn boundary(&self) -> Option<&str> {
        None
    }

    /// Refuses changes to what only AWS may change.
    fn changeable(&self) -> Result<(), roadstead_kernel::Fault> {
        Ok(())
    }
}

/// A principal that policies hang on.
pub trait Holder: Entity {
    /// The most characters of all inline policies together, white space not counted.
    const INLINE_LIMIT: usize;
    /// The name of the quota of attached policies.
    const ATTACHED_QUOTA: &'static str;

    /// Inline policies by name.
    fn inline(&self) -> &BTreeMap<String, String>;
    /// The same, to be changed.
    fn inline_mut(&mut self) -> &mut BTreeMap<String, String>;
    /// ARNs of attached policies, in the order of attachment.
    fn attached(&self) -> &Vec<String>;
    /// The same, to be changed.
    fn attached_mut(&mut self) -> &mut Vec<String>;

    /// What refuses a policy that is only for service-linked roles.
    fn service_policy_refused() -> roadstead_kernel::Fault {
        // AWS: recorded for roles; the words for users and groups are not known.
        problems::not_attachable(format!(
            "Cannot attach a Service Role Policy to a Customer {}.",
            Self::KIND.title()
        ))
    }
}

/// A boundary in Amazon's type.
pub fn boundary_to_api(arn: &str) -> AttachedPermissionsBoundary {
    AttachedPermissionsBoundary {
        // AWS: the word on the wire is not the one in the model.
        permissions_boundary_type: Some(PermissionsBoundaryAttachmentType::from("Policy")),
        permissions_boundary_arn: Some(arn.to_owned()),
    }
}
