//! iam:ListEntitiesForPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html>

use api_iam::op::ListEntitiesForPolicy;
use api_iam::{EntityType, PolicyGroup, PolicyRole, PolicyUsageType, PolicyUser};
use api_iam::{ListEntitiesForPolicyRequest, ListEntitiesForPolicyResponse};

use crate::pages;
use crate::prelude::*;
use crate::records::{Common, Group, Kind, Role, User};

impl Handle<ListEntitiesForPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListEntitiesForPolicyRequest) -> Result<Needs> {
        self.needs_on_policy(cx, &input.policy_arn).await
    }

    async fn handle(&self, cx: &Cx, input: ListEntitiesForPolicyRequest) -> Reply<ListEntitiesForPolicy> {
        let arn = input.policy_arn.as_str();
        self.policy_of(cx, arn).await?;
        let (filter, prefix) = (
            input.entity_filter.as_ref(),
            input.path_prefix.as_deref().unwrap_or("/"),
        );
        let mut holders: Vec<(Kind, String)> = Vec::new();
        if input.policy_usage_filter != Some(PolicyUsageType::PermissionsBoundary) {
            holders.extend(
                self.attachments(cx.account(), arn)
                    .await?
                    .into_iter()
                    .map(|use_| (use_.kind, use_.holder)),
            );
        }
        if input.policy_usage_filter != Some(PolicyUsageType::PermissionsPolicy) {
            holders.extend(
                self.boundaries(cx.account(), arn)
                    .await?
                    .into_iter()
                    .map(|use_| (use_.kind, use_.holder)),
            );
        }
        holders.sort();
        holders.dedup();
        let mut found = Vec::new();
        for (kind, id) in holders {
            let common = match (kind, filter) {
                (Kind::Role, None | Some(EntityType::Role)) => self.common_by_id::<Role>(cx, &id).await?,
                (Kind::User, None | Some(EntityType::User)) => self.common_by_id::<User>(cx, &id).await?,
                (Kind::Group, None | Some(EntityType::Group)) => self.common_by_id::<Group>(cx, &id).await?,
                _ => None,
            };
            found.extend(
                common
                    .filter(|common| common.path.starts_with(prefix))
                    .map(|common| (kind, common)),
            );
        }
        let list = format!("entities:{arn}:{prefix}");
        let key = |(_, common): &(Kind, Common)| -> String { format!("{}:{}", common.name, common.id) };
        let keyed = found.into_iter().map(|entry| (key(&entry), entry)).collect();
        let page = pages::cut(
            &list,
            keyed,
            |(key, _): &(String, _)| key,
            input.marker.as_deref(),
            input.max_items,
        )?;
        let (mut roles, mut users, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        let (is_truncated, marker) = (page.truncated(), page.marker);
        for (_, (kind, common)) in page.items {
            let (name, id) = (Some(common.name), Some(common.id));
            match kind {
                Kind::Role => roles.push(PolicyRole {
                    role_name: name,
                    role_id: id,
                }),
                Kind::User => users.push(PolicyUser {
                    user_name: name,
                    user_id: id,
                }),
                Kind::Group => groups.push(PolicyGroup {
                    group_name: name,
                    group_id: id,
                }),
                Kind::InstanceProfile | Kind::Policy => {}
            }
        }
        Ok(ListEntitiesForPolicyResponse {
            policy_groups: Some(groups),
            policy_users: Some(users),
            policy_roles: Some(roles),
            is_truncated,
            marker,
        })
    }
}
