//! secretsmanager:RestoreSecret — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RestoreSecret.html>

use api_secretsmanager::op::RestoreSecret;
use api_secretsmanager::{RestoreSecretRequest, RestoreSecretResponse};
use roadstead_kernel::prelude::*;

use crate::error::busy;
use crate::id::SecretId;
use crate::{MAX_RETRIES, SecretsManager};

impl Handle<RestoreSecret> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &RestoreSecretRequest) -> Result<Needs> {
        self.needs_on(cx, &SecretId::parse(&input.secret_id)).await
    }

    async fn handle(&self, cx: &Cx, input: RestoreSecretRequest) -> Reply<RestoreSecret> {
        let id = SecretId::parse(&input.secret_id);
        for _ in 0..MAX_RETRIES {
            let mut found = self.secret(cx, &id).await?;
            let marked = found.record.deletion.take().is_some();
            if !marked || self.replace(cx, &found).await? {
                return Ok(RestoreSecretResponse {
                    arn: Some(found.record.arn(cx.place())),
                    name: Some(found.record.name),
                });
            }
        }
        Err(busy())
    }
}
