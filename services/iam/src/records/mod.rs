//! What IAM stores. Records are ours and versioned; `to_api` turns them into Amazon's types.

mod access_key;
mod deletion_task;
mod entity;
mod group;
mod instance_profile;
mod links;
mod policy;
mod providers;
mod report;
mod role;
mod settings;
mod user;

pub use access_key::AccessKey;
pub use deletion_task::{DeletionTask, Outcome};
pub use entity::{Common, Entity, Holder, Kind, boundary_to_api};
pub use group::Group;
pub use instance_profile::InstanceProfile;
pub use links::{Attachment, BoundaryUse, Member, Named, ProfileOfRole};
pub use policy::{Policy, Version};
pub use providers::{OidcProvider, SamlProvider};
pub use report::{LastUse, Report, ServiceUse};
pub use role::Role;
pub use settings::{PasswordPolicy, Settings};
pub use user::{Login, User};
