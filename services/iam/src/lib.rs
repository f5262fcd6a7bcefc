//! IAM: users, groups, roles, policies, and the whole life of service-linked roles.
//!
//! [`Principals`] is the directory that the kernel asks; [`Iam`] is the service. Everything is stored per account, under
//! names in lower case; whatever is written makes the directory forget what it kept of that account.

mod attachments;
mod catalogue;
mod directory;
mod documents;
mod entities;
mod inline;
mod linked;
mod managed;
mod pages;
mod policies;
mod problems;
mod records;
mod tagging;
mod users;

use std::sync::Arc;

use roadstead_kernel::linked::LinkedRoleUsage;
use roadstead_store::Store;

pub use directory::{Home, Principals};

/// What a file with an operation in it needs.
mod prelude {
    pub use crate::Iam;
    pub use roadstead_kernel::prelude::*;
    pub use roadstead_wire::Empty;
}

/// The service.
pub struct Iam {
    store: Arc<dyn Store>,
    principals: Arc<Principals>,
    linked: Vec<Arc<dyn LinkedRoleUsage>>,
}

impl Iam {
    /// IAM over a store; `linked` are the services that know whether their linked role is in use.
    pub fn new(
        store: Arc<dyn Store>,
        principals: Arc<Principals>,
        linked: Vec<Arc<dyn LinkedRoleUsage>>,
    ) -> Arc<Self> {
        Arc::new(Self { store, principals, linked })
    }
}

roadstead_kernel::operations! {
    Iam: api_iam,
    attach_group_policy::AttachGroupPolicy,
    attach_role_policy::AttachRolePolicy,
    attach_user_policy::AttachUserPolicy,
    create_access_key::CreateAccessKey,
    create_policy::CreatePolicy,
    create_policy_version::CreatePolicyVersion,
    create_role::CreateRole,
    create_service_linked_role::CreateServiceLinkedRole,
    create_user::CreateUser,
    delete_access_key::DeleteAccessKey,
    delete_group_policy::DeleteGroupPolicy,
    delete_policy::DeletePolicy,
    delete_policy_version::DeletePolicyVersion,
    delete_role::DeleteRole,
    delete_role_permissions_boundary::DeleteRolePermissionsBoundary,
    delete_role_policy::DeleteRolePolicy,
    delete_service_linked_role::DeleteServiceLinkedRole,
    delete_user::DeleteUser,
    delete_user_permissions_boundary::DeleteUserPermissionsBoundary,
    delete_user_policy::DeleteUserPolicy,
    detach_group_policy::DetachGroupPolicy,
    detach_role_policy::DetachRolePolicy,
    detach_user_policy::DetachUserPolicy,
    get_group_policy::GetGroupPolicy,
    get_policy::GetPolicy,
    get_policy_version::GetPolicyVersion,
    get_role::GetRole,
    get_role_policy::GetRolePolicy,
    get_service_linked_role_deletion_status::GetServiceLinkedRoleDeletionStatus,
    get_user::GetUser,
    get_user_policy::GetUserPolicy,
    list_access_keys::ListAccessKeys,
    list_attached_group_policies::ListAttachedGroupPolicies,
    list_attached_role_policies::ListAttachedRolePolicies,
    list_attached_user_policies::ListAttachedUserPolicies,
    list_entities_for_policy::ListEntitiesForPolicy,
    list_group_policies::ListGroupPolicies,
    list_instance_profile_tags::ListInstanceProfileTags,
    list_policies::ListPolicies,
    list_policy_tags::ListPolicyTags,
    list_policy_versions::ListPolicyVersions,
    list_role_policies::ListRolePolicies,
    list_role_tags::ListRoleTags,
    list_roles::ListRoles,
    list_user_policies::ListUserPolicies,
    list_user_tags::ListUserTags,
    list_users::ListUsers,
    put_group_policy::PutGroupPolicy,
    put_role_permissions_boundary::PutRolePermissionsBoundary,
    put_role_policy::PutRolePolicy,
    put_user_permissions_boundary::PutUserPermissionsBoundary,
    put_user_policy::PutUserPolicy,
    set_default_policy_version::SetDefaultPolicyVersion,
    tag_instance_profile::TagInstanceProfile,
    tag_policy::TagPolicy,
    tag_role::TagRole,
    tag_user::TagUser,
    untag_instance_profile::UntagInstanceProfile,
    untag_policy::UntagPolicy,
    untag_role::UntagRole,
    untag_user::UntagUser,
    update_access_key::UpdateAccessKey,
    update_assume_role_policy::UpdateAssumeRolePolicy,
    update_role::UpdateRole,
    update_role_description::UpdateRoleDescription,
    update_user::UpdateUser,
}
