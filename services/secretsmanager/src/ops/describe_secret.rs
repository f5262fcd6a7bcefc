//! secretsmanager:DescribeSecret — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html>

use api_secretsmanager::DescribeSecretRequest;
use api_secretsmanager::op::DescribeSecret;
use roadstead_kernel::prelude::*;

use crate::SecretsManager;
use crate::id::SecretId;

impl Handle<DescribeSecret> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &DescribeSecretRequest) -> Result<Needs> {
        self.needs_on(cx, &SecretId::parse(&input.secret_id)).await
    }

    async fn handle(&self, cx: &Cx, input: DescribeSecretRequest) -> Reply<DescribeSecret> {
        let found = self.secret(cx, &SecretId::parse(&input.secret_id)).await?;
        Ok(found.record.to_api(cx.place()))
    }
}
