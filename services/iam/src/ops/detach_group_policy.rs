//! iam:DetachGroupPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachGroupPolicy.html>

use api_iam::DetachGroupPolicyRequest;
use api_iam::op::DetachGroupPolicy;

use crate::prelude::*;
use crate::records::Group;

impl Handle<DetachGroupPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &DetachGroupPolicyRequest) -> Result<Needs> {
        self.needs_to_attach::<Group>(cx, &input.group_name, &input.policy_arn)
            .await
    }

    async fn handle(&self, cx: &Cx, input: DetachGroupPolicyRequest) -> Reply<DetachGroupPolicy> {
        self.detach::<Group>(cx, &input.group_name, &input.policy_arn).await?;
        Ok(Empty {})
    }
}
