//! iam:AttachGroupPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachGroupPolicy.html>

use api_iam::AttachGroupPolicyRequest;
use api_iam::op::AttachGroupPolicy;

use crate::prelude::*;
use crate::records::Group;

impl Handle<AttachGroupPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &AttachGroupPolicyRequest) -> Result<Needs> {
        self.needs_to_attach::<Group>(cx, &input.group_name, &input.policy_arn)
            .await
    }

    async fn handle(&self, cx: &Cx, input: AttachGroupPolicyRequest) -> Reply<AttachGroupPolicy> {
        self.attach::<Group>(cx, &input.group_name, &input.policy_arn).await?;
        Ok(Empty {})
    }
}
