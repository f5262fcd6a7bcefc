//! iam:GetContextKeysForPrincipalPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForPrincipalPolicy.html>

use api_iam::op::GetContextKeysForPrincipalPolicy;
use api_iam::{GetContextKeysForPolicyResponse, GetContextKeysForPrincipalPolicyRequest};

use crate::prelude::*;
use crate::{problems, simulate};

impl Handle<GetContextKeysForPrincipalPolicy> for Iam {
    async fn needs(&self, _cx: &Cx, input: &GetContextKeysForPrincipalPolicyRequest) -> Result<Needs> {
        Ok(Needs::on(&input.policy_source_arn))
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: GetContextKeysForPrincipalPolicyRequest,
    ) -> Reply<GetContextKeysForPrincipalPolicy> {
        let arn = &input.policy_source_arn;
        let subject = self.subject(cx, arn).await?;
        let subject = subject.ok_or_else(|| problems::not_found(format!("ARN {arn} does not exist.")))?;
        let own = self
            .granting(cx, &subject)
            .await?
            .into_iter()
            .map(|policy| policy.document);
        let mut documents: Vec<_> = own.collect();
        documents.extend(simulate::read_all(&input.policy_input_list.unwrap_or_default())?);
        Ok(GetContextKeysForPolicyResponse {
            context_key_names: Some(roadstead_policy::context_keys(&documents)),
        })
    }
}
