//! Small records that lead from one entity to another: by unique id, so that renaming touches none of them.

use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::Kind;

/// Leads from a unique id to a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The kind.
    pub kind: Kind,
    /// The name, in lower case.
    pub name: String,
}

/// That a policy is attached; its id is the policy's ARN, the kind and the holder's unique id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The policy.
    pub policy: String,
    /// The kind of the holder.
    pub kind: Kind,
    /// The holder's unique id.
    pub holder: String,
}

/// That a policy is somebody's boundary; its id is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundaryUse {
    /// The policy.
    pub policy: String,
    /// The kind of the holder.
    pub kind: Kind,
    /// The holder's unique id.
    pub holder: String,
}

/// That a user is in a group; its id is the group's and the user's unique ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The user's unique id.
    pub user: String,
}

/// That an instance profile has a role; its id is the role's and the profile's unique ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileOfRole {
    /// The profile's unique id.
    pub profile: String,
}

impl Record for Named {
    const TABLE: &'static str = "iam/id";
    const VERSION: u16 = 1;
}

impl Record for Attachment {
    const TABLE: &'static str = "iam/attachment";
    const VERSION: u16 = 1;
}

impl Record for BoundaryUse {
    const TABLE: &'static str = "iam/boundary";
    const VERSION: u16 = 1;
}

impl Record for Member {
    const TABLE: &'static str = "iam/member";
    const VERSION: u16 = 1;
}

impl Record for ProfileOfRole {
    const TABLE: &'static str = "iam/profile-of-role";
    const VERSION: u16 = 1;
}
