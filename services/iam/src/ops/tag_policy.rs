//! iam:TagPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagPolicy.html>

use api_iam::TagPolicyRequest;
use api_iam::op::TagPolicy;

use crate::prelude::*;
use crate::tagging;

impl Handle<TagPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &TagPolicyRequest) -> Result<Needs> {
        let needs = self.needs_on_policy(cx, &input.policy_arn).await?;
        Ok(needs.request_tags(&tagging::requested(Some(&input.tags))))
    }

    async fn handle(&self, cx: &Cx, input: TagPolicyRequest) -> Reply<TagPolicy> {
        let tags = tagging::from_api(Some(&input.tags))?;
        self.change_policy(cx, "iam:TagPolicy", &input.policy_arn, |policy| {
            tagging::merge(&mut policy.common.tags, &tags)
        })
        .await?;
        Ok(Empty {})
    }
}
