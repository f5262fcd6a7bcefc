//! iam:GetUserPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUserPolicy.html>

use api_iam::op::GetUserPolicy;
use api_iam::{GetUserPolicyRequest, GetUserPolicyResponse};

use crate::prelude::*;
use crate::records::User;

impl Handle<GetUserPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetUserPolicyRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, &input.user_name).await
    }

    async fn handle(&self, cx: &Cx, input: GetUserPolicyRequest) -> Reply<GetUserPolicy> {
        let (user_name, policy_document) = self.inline::<User>(cx, &input.user_name, &input.policy_name).await?;
        Ok(GetUserPolicyResponse {
            user_name,
            policy_name: input.policy_name,
            policy_document,
        })
    }
}
