//! IAM: users, groups, roles, policies, and the whole life of service-linked roles.
//!
//! [`Iam`] is the service, [`Iam::directory`] what the kernel asks for principals. Everything is stored per account, under
//! names in lower case; whatever is written makes the directory forget what it kept of that account.

mod account;
mod actions;
mod advisor;
mod attachments;
mod catalogue;
mod credential_report;
mod directory;
mod documents;
mod entities;
mod follow;
mod inline;
mod linked;
mod login;
mod managed;
mod oidc;
mod pages;
mod policies;
mod problems;
mod profiles;
mod records;
mod saml;
mod simulate;
mod subject;
mod tagging;
mod trust;
mod users;

use std::sync::Arc;

use roadstead_core::{AccountId, Partition};
use roadstead_kernel::linked::LinkedRoleUsage;
use roadstead_kernel::{Directory, Secret};
use roadstead_store::Store;

use crate::directory::{Home, Principals};

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
    /// IAM over a store, with the root user of the home account and its access key.
    ///
    /// `linked` are the services that know whether their linked role is in use.
    pub fn new(
        store: Arc<dyn Store>,
        account: AccountId,
        access_key_id: &str,
        secret_access_key: &str,
        linked: Vec<Arc<dyn LinkedRoleUsage>>,
    ) -> Arc<Self> {
        let home = Home {
            account,
            partition: Partition::Aws,
            access_key_id: access_key_id.to_owned(),
            secret_access_key: Secret::new(secret_access_key),
        };
        let principals = Principals::new(Arc::clone(&store), home);
        Arc::new(Self {
            store,
            principals,
            linked,
        })
    }

    /// Every principal, for the kernel.
    pub fn directory(&self) -> Arc<dyn Directory> {
        Arc::clone(&self.principals) as Arc<dyn Directory>
    }

    /// Gives the public keys of an OpenID Connect provider, as a JSON Web Key Set, by the provider's URL.
    ///
    /// AWS fetches them from the provider; here the operator names them, and tokens are checked against these alone.
    pub fn use_oidc_keys(&self, url: &str, key_set: &str) {
        if let Some(id) = oidc::id_of_url(url) {
            self.principals.use_oidc_keys(&id, key_set);
        }
    }
}

roadstead_kernel::operations! {
    Iam: api_iam,
    add_client_id_to_open_id_connect_provider::AddClientIDToOpenIDConnectProvider,
    add_role_to_instance_profile::AddRoleToInstanceProfile,
    add_user_to_group::AddUserToGroup,
    attach_group_policy::AttachGroupPolicy,
    attach_role_policy::AttachRolePolicy,
    attach_user_policy::AttachUserPolicy,
    create_access_key::CreateAccessKey,
    create_account_alias::CreateAccountAlias,
    create_group::CreateGroup,
    create_instance_profile::CreateInstanceProfile,
    create_login_profile::CreateLoginProfile,
    create_open_id_connect_provider::CreateOpenIDConnectProvider,
    create_policy::CreatePolicy,
    create_policy_version::CreatePolicyVersion,
    create_role::CreateRole,
    create_saml_provider::CreateSAMLProvider,
    create_service_linked_role::CreateServiceLinkedRole,
    create_user::CreateUser,
    delete_access_key::DeleteAccessKey,
    delete_account_alias::DeleteAccountAlias,
    delete_account_password_policy::DeleteAccountPasswordPolicy,
    delete_group::DeleteGroup,
    delete_group_policy::DeleteGroupPolicy,
    delete_instance_profile::DeleteInstanceProfile,
    delete_login_profile::DeleteLoginProfile,
    delete_open_id_connect_provider::DeleteOpenIDConnectProvider,
    delete_policy::DeletePolicy,
    delete_policy_version::DeletePolicyVersion,
    delete_role::DeleteRole,
    delete_role_permissions_boundary::DeleteRolePermissionsBoundary,
    delete_role_policy::DeleteRolePolicy,
    delete_saml_provider::DeleteSAMLProvider,
    delete_service_linked_role::DeleteServiceLinkedRole,
    delete_user::DeleteUser,
    delete_user_permissions_boundary::DeleteUserPermissionsBoundary,
    delete_user_policy::DeleteUserPolicy,
    detach_group_policy::DetachGroupPolicy,
    detach_role_policy::DetachRolePolicy,
    detach_user_policy::DetachUserPolicy,
    generate_credential_report::GenerateCredentialReport,
    generate_service_last_accessed_details::GenerateServiceLastAccessedDetails,
    get_access_key_last_used::GetAccessKeyLastUsed,
    get_account_authorization_details::GetAccountAuthorizationDetails,
    get_account_password_policy::GetAccountPasswordPolicy,
    get_account_summary::GetAccountSummary,
    get_context_keys_for_custom_policy::GetContextKeysForCustomPolicy,
    get_context_keys_for_principal_policy::GetContextKeysForPrincipalPolicy,
    get_credential_report::GetCredentialReport,
    get_group::GetGroup,
    get_group_policy::GetGroupPolicy,
    get_instance_profile::GetInstanceProfile,
    get_login_profile::GetLoginProfile,
    get_open_id_connect_provider::GetOpenIDConnectProvider,
    get_policy::GetPolicy,
    get_policy_version::GetPolicyVersion,
    get_role::GetRole,
    get_role_policy::GetRolePolicy,
    get_saml_provider::GetSAMLProvider,
    get_service_last_accessed_details::GetServiceLastAccessedDetails,
    get_service_last_accessed_details_with_entities::GetServiceLastAccessedDetailsWithEntities,
    get_service_linked_role_deletion_status::GetServiceLinkedRoleDeletionStatus,
    get_user::GetUser,
    get_user_policy::GetUserPolicy,
    list_access_keys::ListAccessKeys,
    list_account_aliases::ListAccountAliases,
    list_attached_group_policies::ListAttachedGroupPolicies,
    list_attached_role_policies::ListAttachedRolePolicies,
    list_attached_user_policies::ListAttachedUserPolicies,
    list_entities_for_policy::ListEntitiesForPolicy,
    list_group_policies::ListGroupPolicies,
    list_groups::ListGroups,
    list_groups_for_user::ListGroupsForUser,
    list_instance_profile_tags::ListInstanceProfileTags,
    list_instance_profiles::ListInstanceProfiles,
    list_instance_profiles_for_role::ListInstanceProfilesForRole,
    list_mfa_devices::ListMFADevices,
    list_open_id_connect_provider_tags::ListOpenIDConnectProviderTags,
    list_open_id_connect_providers::ListOpenIDConnectProviders,
    list_policies::ListPolicies,
    list_policies_granting_service_access::ListPoliciesGrantingServiceAccess,
    list_policy_tags::ListPolicyTags,
    list_policy_versions::ListPolicyVersions,
    list_role_policies::ListRolePolicies,
    list_role_tags::ListRoleTags,
    list_roles::ListRoles,
    list_saml_provider_tags::ListSAMLProviderTags,
    list_saml_providers::ListSAMLProviders,
    list_server_certificates::ListServerCertificates,
    list_service_specific_credentials::ListServiceSpecificCredentials,
    list_signing_certificates::ListSigningCertificates,
    list_ssh_public_keys::ListSSHPublicKeys,
    list_user_policies::ListUserPolicies,
    list_user_tags::ListUserTags,
    list_users::ListUsers,
    list_virtual_mfa_devices::ListVirtualMFADevices,
    put_group_policy::PutGroupPolicy,
    put_role_permissions_boundary::PutRolePermissionsBoundary,
    put_role_policy::PutRolePolicy,
    put_user_permissions_boundary::PutUserPermissionsBoundary,
    put_user_policy::PutUserPolicy,
    remove_client_id_from_open_id_connect_provider::RemoveClientIDFromOpenIDConnectProvider,
    remove_role_from_instance_profile::RemoveRoleFromInstanceProfile,
    remove_user_from_group::RemoveUserFromGroup,
    set_default_policy_version::SetDefaultPolicyVersion,
    simulate_custom_policy::SimulateCustomPolicy,
    simulate_principal_policy::SimulatePrincipalPolicy,
    tag_instance_profile::TagInstanceProfile,
    tag_open_id_connect_provider::TagOpenIDConnectProvider,
    tag_policy::TagPolicy,
    tag_role::TagRole,
    tag_saml_provider::TagSAMLProvider,
    tag_user::TagUser,
    untag_instance_profile::UntagInstanceProfile,
    untag_open_id_connect_provider::UntagOpenIDConnectProvider,
    untag_policy::UntagPolicy,
    untag_role::UntagRole,
    untag_saml_provider::UntagSAMLProvider,
    untag_user::UntagUser,
    update_access_key::UpdateAccessKey,
    update_account_password_policy::UpdateAccountPasswordPolicy,
    update_assume_role_policy::UpdateAssumeRolePolicy,
    update_group::UpdateGroup,
    update_login_profile::UpdateLoginProfile,
    update_open_id_connect_provider_thumbprint::UpdateOpenIDConnectProviderThumbprint,
    update_role::UpdateRole,
    update_role_description::UpdateRoleDescription,
    update_saml_provider::UpdateSAMLProvider,
    update_user::UpdateUser,
}
