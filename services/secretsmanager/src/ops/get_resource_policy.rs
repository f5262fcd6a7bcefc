//! secretsmanager:GetResourcePolicy — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetResourcePolicy.html>

use api_secretsmanager::op::GetResourcePolicy;
use api_secretsmanager::{GetResourcePolicyRequest, GetResourcePolicyResponse};
use roadstead_kernel::prelude::*;

use crate::SecretsManager;
use crate::id::SecretId;

impl Handle<GetResourcePolicy> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &GetResourcePolicyRequest) -> Result<Needs> {
        self.needs_on(cx, &SecretId::parse(&input.secret_id)).await
    }

    async fn handle(&self, cx: &Cx, input: GetResourcePolicyRequest) -> Reply<GetResourcePolicy> {
        let secret = self.live(cx, &SecretId::parse(&input.secret_id)).await?.record;
        Ok(GetResourcePolicyResponse {
            arn: Some(secret.arn(cx.place())),
            name: Some(secret.name),
            resource_policy: secret.policy,
        })
    }
}
