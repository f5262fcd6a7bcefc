//! iam:UntagPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagPolicy.html>

use api_iam::UntagPolicyRequest;
use api_iam::op::UntagPolicy;

use crate::prelude::*;
use crate::tagging;

impl Handle<UntagPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &UntagPolicyRequest) -> Result<Needs> {
        let needs = self.needs_on_policy(cx, &input.policy_arn).await?;
        Ok(needs.tag_keys(input.tag_keys.iter().cloned()))
    }

    async fn handle(&self, cx: &Cx, input: UntagPolicyRequest) -> Reply<UntagPolicy> {
        self.change_policy(cx, "iam:UntagPolicy", &input.policy_arn, |policy| {
            tagging::remove(&mut policy.common.tags, &input.tag_keys);
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
