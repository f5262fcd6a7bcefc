//! iam:GetContextKeysForCustomPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForCustomPolicy.html>

use api_iam::op::GetContextKeysForCustomPolicy;
use api_iam::{GetContextKeysForCustomPolicyRequest, GetContextKeysForPolicyResponse};

use crate::prelude::*;
use crate::simulate;

impl Handle<GetContextKeysForCustomPolicy> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &GetContextKeysForCustomPolicyRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(
        &self,
        _cx: &Cx,
        input: GetContextKeysForCustomPolicyRequest,
    ) -> Reply<GetContextKeysForCustomPolicy> {
        let documents = simulate::read_all(&input.policy_input_list)?;
        Ok(GetContextKeysForPolicyResponse {
            context_key_names: Some(roadstead_policy::context_keys(&documents)),
        })
    }
}
