//! iam:GetGroupPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroupPolicy.html>

use api_iam::op::GetGroupPolicy;
use api_iam::{GetGroupPolicyRequest, GetGroupPolicyResponse};

use crate::prelude::*;
use crate::records::Group;

impl Handle<GetGroupPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetGroupPolicyRequest) -> Result<Needs> {
        self.needs_on::<Group>(cx, &input.group_name).await
    }

    async fn handle(&self, cx: &Cx, input: GetGroupPolicyRequest) -> Reply<GetGroupPolicy> {
        let (group_name, policy_document) = self.inline::<Group>(cx, &input.group_name, &input.policy_name).await?;
        Ok(GetGroupPolicyResponse {
            group_name,
            policy_name: input.policy_name,
            policy_document,
        })
    }
}
