//! The account as a whole: everything in detail, and everything in numbers.

use std::collections::BTreeMap;

use api_iam::{
    EntityType, GetAccountAuthorizationDetailsResponse, GroupDetail, ManagedPolicyDetail, PolicyDetail, RoleDetail,
    RoleLastUsed, UserDetail,
};
use roadstead_core::AccountId;
use roadstead_kernel::{Cx, Result};
use roadstead_policy::limits;

use crate::attachments::attached_to_api;
use crate::managed::Managed;
use crate::policies::{self, Uses};
use crate::records::{
    AccessKey, Group, Holder, InstanceProfile, OidcProvider, Policy, ProfileOfRole, Role, SamlProvider, User,
    boundary_to_api,
};
use crate::{Iam, advisor, documents, pages, tagging};

/// One thing in the account, before it is told in detail.
enum Thing {
    User(User),
    Group(Group),
    Role(Role),
    Own(Policy),
    Aws(Managed),
}

impl Iam {
    /// A page of everything, in detail: users, groups, roles, policies.
    pub async fn details(
        &self,
        cx: &Cx,
        filter: Option<&[EntityType]>,
        marker: Option<&str>,
        max: Option<i32>,
    ) -> Result<GetAccountAuthorizationDetailsResponse> {
        let account = cx.account();
        let wanted = |kind: EntityType| filter.is_none_or(|filter| filter.is_empty() || filter.contains(&kind));
        let counts = self.all_uses(cx).await?;
        let mut things: Vec<(String, Thing)> = Vec::new();
        if wanted(EntityType::User) {
            let all = self.all_below::<User>(account, "").await?.into_iter();
            things.extend(all.map(|record| (format!("0{}", record.common.name), Thing::User(record))));
        }
        if wanted(EntityType::Group) {
            let all = self.all_below::<Group>(account, "").await?.into_iter();
            things.extend(all.map(|record| (format!("1{}", record.common.name), Thing::Group(record))));
        }
        if wanted(EntityType::Role) {
            let all = self.all_below::<Role>(account, "").await?.into_iter();
            things.extend(all.map(|record| (format!("2{}", record.common.name), Thing::Role(record))));
        }
        if wanted(EntityType::LocalManagedPolicy) {
            let all = self.all_below::<Policy>(account, "").await?.into_iter();
            things.extend(all.map(|policy| (format!("3{}", policy.common.name), Thing::Own(policy))));
        }
        if wanted(EntityType::AWSManagedPolicy) {
            // AWS: of its own policies only those that are in use.
            let in_use = counts.keys().filter_map(|arn| Managed::by_arn(arn));
            things.extend(in_use.map(|policy| (format!("4{}", policy.name), Thing::Aws(policy))));
        }
        let page = pages::cut("details", things, |(key, _)| key, marker, max)?;
        let (mut users, mut groups, mut roles, mut policies) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (is_truncated, marker) = (page.truncated(), page.marker);
        let of = |arn: &str| counts.get(arn).copied().unwrap_or_default();
        for (_, thing) in page.items {
            match thing {
                Thing::User(user) => users.push(self.user_detail(account, user).await?),
                Thing::Group(group) => groups.push(group_detail(group)),
                Thing::Role(role) => roles.push(self.role_detail(cx, role).await?),
                Thing::Own(policy) => policies.push(own_detail(&policy, of(&policy.common.arn))),
                Thing::Aws(policy) => policies.push(aws_detail(cx, policy, of(&policy.arn(cx.partition())))?),
            }
        }
        Ok(GetAccountAuthorizationDetailsResponse {
            user_detail_list: Some(users),
            group_detail_list: Some(groups),
            role_detail_list: Some(roles),
            policies: Some(policies),
            is_truncated,
            marker,
        })
    }

    async fn user_detail(&self, account: AccountId, user: User) -> Result<UserDetail> {
        let mut groups = Vec::new();
        for id in &user.groups {
            groups.extend(
                self.find_by_id::<Group>(account, id)
                    .await?
                    .map(|found| found.record.common.name),
            );
        }
        Ok(UserDetail {
            user_policy_list: Some(inline_to_api(&user)).filter(|list| !list.is_empty()),
            attached_managed_policies: Some(user.attached.iter().map(|arn| attached_to_api(arn)).collect()),
            permissions_boundary: user.boundary.as_deref().map(boundary_to_api),
            tags: tagging::to_api_if_any(&user.common.tags),
            group_list: Some(groups),
            path: Some(user.common.path),
            user_name: Some(user.common.name),
            user_id: Some(user.common.id),
            arn: Some(user.common.arn),
            create_date: Some(user.common.created),
        })
    }

    async fn role_detail(&self, cx: &Cx, mut role: Role) -> Result<RoleDetail> {
        self.refresh(cx.account(), &mut role).await?;
        let mut profiles = Vec::new();
        for link in self.all_below::<ProfileOfRole>(cx.account(), &role.common.id).await? {
            let found = self.find_by_id::<InstanceProfile>(cx.account(), &link.profile).await?;
            profiles.extend(found.map(|found| found.record.to_api(Some(&role))));
        }
        Ok(RoleDetail {
            instance_profile_list: Some(profiles),
            role_policy_list: Some(inline_to_api(&role)),
            attached_managed_policies: Some(role.attached.iter().map(|arn| attached_to_api(arn)).collect()),
            permissions_boundary: role.boundary.as_deref().map(boundary_to_api),
            tags: tagging::to_api_if_any(&role.common.tags),
            role_last_used: Some(self.role_last_used(cx, &role).await?),
            assume_role_policy_document: Some(documents::encoded(&role.trust)),
            path: Some(role.common.path),
            role_name: Some(role.common.name),
            role_id: Some(role.common.id),
            arn: Some(role.common.arn),
            create_date: Some(role.common.created),
        })
    }

    /// When and where a role was last used; empty for one that never was.
    pub async fn role_last_used(&self, cx: &Cx, role: &Role) -> Result<RoleLastUsed> {
        let used = cx.kernel().accessed().last_used(cx.account(), &role.common.id).await?;
        let used = used.filter(|used| cx.now().since(used.at) < advisor::TRACKED);
        Ok(RoleLastUsed {
            last_used_date: used.as_ref().map(|used| used.at.cut_to_secs()),
            region: used.map(|used| used.region.to_string()),
        })
    }

    /// The account in numbers, quotas among them.
    pub async fn summary(&self, account: AccountId) -> Result<BTreeMap<String, i32>> {
        let users = self.all_below::<User>(account, "").await?;
        let policies = self.all_below::<Policy>(account, "").await?;
        let providers = self.all_below::<OidcProvider>(account, "").await?.len()
            + self.all_below::<SamlProvider>(account, "").await?.len();
        let versions: usize = policies.iter().map(|policy| policy.versions.len()).sum();
        let figures = [
            ("Users", users.len()),
            ("Groups", self.all_below::<Group>(account, "").await?.len()),
            ("Roles", self.all_below::<Role>(account, "").await?.len()),
            (
                "InstanceProfiles",
                self.all_below::<InstanceProfile>(account, "").await?.len(),
            ),
            ("Policies", policies.len()),
            ("PolicyVersionsInUse", versions),
            ("Providers", providers),
            ("ServerCertificates", 0),
            ("MFADevices", 0),
            ("MFADevicesInUse", 0),
            ("AccountMFAEnabled", 0),
            // The root user always has its access key here.
            ("AccountAccessKeysPresent", 1),
            ("AccountPasswordPresent", 0),
            ("AccountSigningCertificatesPresent", 0),
            ("UsersQuota", 5000),
            ("GroupsQuota", 300),
            ("RolesQuota", 1000),
            ("InstanceProfilesQuota", 1000),
            ("PoliciesQuota", 1500),
            ("PolicyVersionsInUseQuota", 10_000),
            ("ServerCertificatesQuota", 20),
            ("UserPolicySizeQuota", limits::USER_INLINE),
            ("GroupPolicySizeQuota", limits::GROUP_INLINE),
            ("RolePolicySizeQuota", limits::ROLE_INLINE),
            ("PolicySizeQuota", limits::MANAGED_POLICY),
            ("AssumeRolePolicySizeQuota", limits::TRUST_POLICY),
            ("VersionsPerPolicyQuota", limits::POLICY_VERSIONS),
            ("GroupsPerUserQuota", limits::GROUPS_PER_USER),
            ("AccessKeysPerUserQuota", AccessKey::PER_USER),
            ("SigningCertificatesPerUserQuota", 2),
            ("AttachedPoliciesPerGroupQuota", limits::ATTACHED_POLICIES),
            ("AttachedPoliciesPerRoleQuota", limits::ATTACHED_POLICIES),
            ("AttachedPoliciesPerUserQuota", limits::ATTACHED_POLICIES),
            ("GlobalEndpointTokenVersion", 1),
        ];
        Ok(figures
            .into_iter()
            .map(|(name, figure)| (name.to_owned(), i32::try_from(figure).unwrap_or(i32::MAX)))
            .collect())
    }
}

fn inline_to_api<H: Holder>(holder: &H) -> Vec<PolicyDetail> {
    let inline = holder.inline().iter();
    inline
        .map(|(name, text)| PolicyDetail {
            policy_name: Some(name.clone()),
            policy_document: Some(documents::encoded(text)),
        })
        .collect()
}

fn group_detail(group: Group) -> GroupDetail {
    GroupDetail {
        group_policy_list: Some(inline_to_api(&group)),
        attached_managed_policies: Some(group.attached.iter().map(|arn| attached_to_api(arn)).collect()),
        path: Some(group.common.path),
        group_name: Some(group.common.name),
        group_id: Some(group.common.id),
        arn: Some(group.common.arn),
        create_date: Some(group.common.created),
    }
}

fn own_detail(policy: &Policy, uses: Uses) -> ManagedPolicyDetail {
    let versions = policy
        .versions
        .iter()
        .rev()
        .map(|version| version.to_full_api(policy.default));
    ManagedPolicyDetail {
        policy_version_list: Some(versions.collect()),
        ..detail(policies::own_to_api(policy, uses))
    }
}

fn aws_detail(cx: &Cx, policy: Managed, uses: Uses) -> Result<ManagedPolicyDetail> {
    let version = api_iam::PolicyVersion {
        document: Some(documents::encoded(&policy.document()?)),
        ..policies::aws_version_to_api(policy)
    };
    let brief = policies::aws_to_api(policy, cx.partition(), uses);
    Ok(ManagedPolicyDetail {
        policy_version_list: Some(vec![version]),
        ..detail(brief)
    })
}

fn detail(policy: api_iam::Policy) -> ManagedPolicyDetail {
    ManagedPolicyDetail {
        policy_name: policy.policy_name,
        policy_id: policy.policy_id,
        arn: policy.arn,
        path: policy.path,
        default_version_id: policy.default_version_id,
        attachment_count: policy.attachment_count,
        permissions_boundary_usage_count: policy.permissions_boundary_usage_count,
        is_attachable: policy.is_attachable,
        description: policy.description,
        create_date: policy.create_date,
        update_date: policy.update_date,
        policy_version_list: None,
    }
}
