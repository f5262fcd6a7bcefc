//! iam:AttachUserPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html>

use api_iam::AttachUserPolicyRequest;
use api_iam::op::AttachUserPolicy;

use crate::prelude::*;
use crate::records::User;

impl Handle<AttachUserPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &AttachUserPolicyRequest) -> Result<Needs> {
        self.needs_to_attach::<User>(cx, &input.user_name, &input.policy_arn)
            .await
    }

    async fn handle(&self, cx: &Cx, input: AttachUserPolicyRequest) -> Reply<AttachUserPolicy> {
        self.attach::<User>(cx, &input.user_name, &input.policy_arn).await?;
        Ok(Empty {})
    }
}
