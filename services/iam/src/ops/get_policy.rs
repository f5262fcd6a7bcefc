//! iam:GetPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html>

use api_iam::op::GetPolicy;
use api_iam::{GetPolicyRequest, GetPolicyResponse};

use crate::attachments::Target;
use crate::policies;
use crate::prelude::*;

impl Handle<GetPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetPolicyRequest) -> Result<Needs> {
        self.needs_on_policy(cx, &input.policy_arn).await
    }

    async fn handle(&self, cx: &Cx, input: GetPolicyRequest) -> Reply<GetPolicy> {
        let policy = match self.policy_of(cx, &input.policy_arn).await? {
            Target::Aws(policy) => {
                let uses = self.uses(cx, &input.policy_arn).await?;
                policies::aws_to_api(policy, cx.partition(), uses)
            }
            Target::Own(policy) => policies::own_to_api(&policy, self.uses(cx, &input.policy_arn).await?),
        };
        Ok(GetPolicyResponse { policy: Some(policy) })
    }
}
