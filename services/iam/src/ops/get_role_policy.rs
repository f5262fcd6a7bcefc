//! iam:GetRolePolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html>

use api_iam::op::GetRolePolicy;
use api_iam::{GetRolePolicyRequest, GetRolePolicyResponse};

use crate::prelude::*;
use crate::records::Role;

impl Handle<GetRolePolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetRolePolicyRequest) -> Result<Needs> {
        self.needs_on::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: GetRolePolicyRequest) -> Reply<GetRolePolicy> {
        let (role_name, policy_document) = self.inline::<Role>(cx, &input.role_name, &input.policy_name).await?;
        Ok(GetRolePolicyResponse {
            role_name,
            policy_name: input.policy_name,
            policy_document,
        })
    }
}
