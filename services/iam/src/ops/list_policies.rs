//! iam:ListPolicies — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicies.html>

use api_iam::op::ListPolicies;
use api_iam::{ListPoliciesRequest, ListPoliciesResponse};
use api_iam::{PolicyScopeType, PolicyUsageType};

use crate::managed::Managed;
use crate::pages;
use crate::policies::{self, Uses};
use crate::prelude::*;
use crate::records::Policy;

impl Handle<ListPolicies> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListPoliciesRequest) -> Result<Needs> {
        Ok(Needs::on(cx.place().global_arn(
            "iam",
            format_args!("policy{}", input.path_prefix.as_deref().unwrap_or("/")),
        )))
    }

    async fn handle(&self, cx: &Cx, input: ListPoliciesRequest) -> Reply<ListPolicies> {
        let (all_uses, prefix) = (self.all_uses(cx).await?, input.path_prefix.as_deref().unwrap_or("/"));
        let scope = input.scope.unwrap_or(PolicyScopeType::All);
        let wanted = |uses: Uses| {
            let counted = match &input.policy_usage_filter {
                Some(PolicyUsageType::PermissionsPolicy) => uses.attached,
                Some(PolicyUsageType::PermissionsBoundary) => uses.boundary,
                _ => uses.attached + uses.boundary,
            };
            // AWS: either filter leaves only policies that are in use.
            counted > 0 || (input.only_attached != Some(true) && input.policy_usage_filter.is_none())
        };
        let mut listed = Vec::new();
        if scope != PolicyScopeType::Aws {
            for policy in self.all_below::<Policy>(cx.account(), "").await? {
                let uses = all_uses.get(&policy.common.arn).copied().unwrap_or_default();
                if policy.common.path.starts_with(prefix) && wanted(uses) {
                    // AWS: lists show neither descriptions nor tags.
                    let entry = policies::own_to_api(&policy, uses);
                    listed.push((
                        format!("0{}", policy.common.name),
                        api_iam::Policy {
                            description: None,
                            tags: None,
                            ..entry
                        },
                    ));
                }
            }
        }
        if scope != PolicyScopeType::Local {
            for policy in Managed::all().filter(|policy| policy.path.starts_with(prefix)) {
                let uses = all_uses.get(&policy.arn(cx.partition())).copied().unwrap_or_default();
                if wanted(uses) {
                    listed.push((
                        format!("1{}", policy.name),
                        policies::aws_to_api(policy, cx.partition(), uses),
                    ));
                }
            }
        }
        let list = format!("policies:{scope}:{prefix}");
        let page = pages::cut(&list, listed, |(key, _)| key, input.marker.as_deref(), input.max_items)?;
        Ok(ListPoliciesResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            policies: Some(page.items.into_iter().map(|(_, policy)| policy).collect()),
        })
    }
}
