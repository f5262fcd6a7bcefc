//! secretsmanager:PutResourcePolicy — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html>

use api_secretsmanager::op::PutResourcePolicy;
use api_secretsmanager::{PutResourcePolicyRequest, PutResourcePolicyResponse, errors};
use roadstead_kernel::prelude::*;

use crate::id::SecretId;
use crate::{SecretsManager, policy};

impl Handle<PutResourcePolicy> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &PutResourcePolicyRequest) -> Result<Needs> {
        let needs = self.needs_on(cx, &SecretId::parse(&input.secret_id)).await?;
        let block = input.block_public_policy.map(|block| block.to_string());
        Ok(needs.key_if("secretsmanager:BlockPublicPolicy", block))
    }

    async fn handle(&self, cx: &Cx, input: PutResourcePolicyRequest) -> Reply<PutResourcePolicy> {
        let document = policy::accept(&input.resource_policy)?;
        if input.block_public_policy == Some(true) && policy::is_public(&document) {
            return Err(errors::PUBLIC_POLICY_EXCEPTION
                .with("This resource policy grants broad access, which BlockPublicPolicy does not allow.")
                .into());
        }
        let secret = self
            .change(cx, &SecretId::parse(&input.secret_id), |secret| {
                secret.policy = Some(input.resource_policy.clone());
                Ok(())
            })
            .await?;
        Ok(PutResourcePolicyResponse {
            arn: Some(secret.arn(cx.place())),
            name: Some(secret.name),
        })
    }
}
