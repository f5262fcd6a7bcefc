//! iam:GetAccountPasswordPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountPasswordPolicy.html>

use api_iam::GetAccountPasswordPolicyResponse;
use api_iam::op::GetAccountPasswordPolicy;

use crate::prelude::*;
use crate::problems;

impl Handle<GetAccountPasswordPolicy> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &Empty) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, _input: Empty) -> Reply<GetAccountPasswordPolicy> {
        match self.settings(cx).await?.password_policy {
            Some(policy) => Ok(GetAccountPasswordPolicyResponse {
                password_policy: policy.to_api(),
            }),
            None => Err(problems::not_found(format!(
                "The Password Policy with domain name {} cannot be found.",
                cx.account()
            ))),
        }
    }
}
