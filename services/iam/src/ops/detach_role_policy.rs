//! iam:DetachRolePolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachRolePolicy.html>

use api_iam::DetachRolePolicyRequest;
use api_iam::op::DetachRolePolicy;

use crate::prelude::*;
use crate::records::Role;

impl Handle<DetachRolePolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &DetachRolePolicyRequest) -> Result<Needs> {
        self.needs_to_attach::<Role>(cx, &input.role_name, &input.policy_arn)
            .await
    }

    async fn handle(&self, cx: &Cx, input: DetachRolePolicyRequest) -> Reply<DetachRolePolicy> {
        self.detach::<Role>(cx, &input.role_name, &input.policy_arn).await?;
        Ok(Empty {})
    }
}
