//! secretsmanager:DeleteResourcePolicy — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteResourcePolicy.html>

use api_secretsmanager::op::DeleteResourcePolicy;
use api_secretsmanager::{DeleteResourcePolicyRequest, DeleteResourcePolicyResponse};
use roadstead_kernel::prelude::*;

use crate::SecretsManager;
use crate::id::SecretId;

impl Handle<DeleteResourcePolicy> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &DeleteResourcePolicyRequest) -> Result<Needs> {
        self.needs_on(cx, &SecretId::parse(&input.secret_id)).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteResourcePolicyRequest) -> Reply<DeleteResourcePolicy> {
        let secret = self
            .change(cx, &SecretId::parse(&input.secret_id), |secret| {
                secret.policy = None;
                Ok(())
            })
            .await?;
        Ok(DeleteResourcePolicyResponse {
            arn: Some(secret.arn(cx.place())),
            name: Some(secret.name),
        })
    }
}
