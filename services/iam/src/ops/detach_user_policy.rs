//! iam:DetachUserPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachUserPolicy.html>

use api_iam::DetachUserPolicyRequest;
use api_iam::op::DetachUserPolicy;

use crate::prelude::*;
use crate::records::User;

impl Handle<DetachUserPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &DetachUserPolicyRequest) -> Result<Needs> {
        self.needs_to_attach::<User>(cx, &input.user_name, &input.policy_arn)
            .await
    }

    async fn handle(&self, cx: &Cx, input: DetachUserPolicyRequest) -> Reply<DetachUserPolicy> {
        self.detach::<User>(cx, &input.user_name, &input.policy_arn).await?;
        Ok(Empty {})
    }
}
