//! iam:AttachRolePolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html>

use api_iam::AttachRolePolicyRequest;
use api_iam::op::AttachRolePolicy;

use crate::prelude::*;
use crate::records::Role;

impl Handle<AttachRolePolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &AttachRolePolicyRequest) -> Result<Needs> {
        self.needs_to_attach::<Role>(cx, &input.role_name, &input.policy_arn)
            .await
    }

    async fn handle(&self, cx: &Cx, input: AttachRolePolicyRequest) -> Reply<AttachRolePolicy> {
        self.attach::<Role>(cx, &input.role_name, &input.policy_arn).await?;
        Ok(Empty {})
    }
}
