//! iam:ListPolicyVersions — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyVersions.html>

use api_iam::op::ListPolicyVersions;
use api_iam::{ListPolicyVersionsRequest, ListPolicyVersionsResponse};

use crate::attachments::Target;
use crate::prelude::*;
use crate::{pages, policies};

impl Handle<ListPolicyVersions> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListPolicyVersionsRequest) -> Result<Needs> {
        self.needs_on_policy(cx, &input.policy_arn).await
    }

    async fn handle(&self, cx: &Cx, input: ListPolicyVersionsRequest) -> Reply<ListPolicyVersions> {
        let versions = match self.policy_of(cx, &input.policy_arn).await? {
            Target::Aws(policy) => vec![policies::aws_version_to_api(policy)],
            Target::Own(policy) => policy
                .versions
                .iter()
                .rev()
                .map(|version| version.to_api(policy.default))
                .collect(),
        };
        let list = format!("versions:{}", input.policy_arn);
        let page = pages::cut_in_order(&list, versions, input.marker.as_deref(), input.max_items)?;
        Ok(ListPolicyVersionsResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            versions: Some(page.items),
        })
    }
}
