//! secretsmanager:PutSecretValue — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html>

use api_secretsmanager::op::PutSecretValue;
use api_secretsmanager::{PutSecretValueRequest, PutSecretValueResponse};
use roadstead_kernel::prelude::*;

use crate::content::Content;
use crate::error::{bad_request, invalid};
use crate::id::SecretId;
use crate::put::Put;
use crate::{SecretsManager, stages};

impl Handle<PutSecretValue> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &PutSecretValueRequest) -> Result<Needs> {
        self.needs_on(cx, &SecretId::parse(&input.secret_id)).await
    }

    async fn handle(&self, cx: &Cx, input: PutSecretValueRequest) -> Reply<PutSecretValue> {
        if input.rotation_token.is_some() {
            return Err(invalid("RotationToken is not available: secrets are not rotated here."));
        }
        let Some(content) = Content::given(input.secret_string, input.secret_binary)? else {
            return Err(bad_request("You must provide either SecretString or SecretBinary."));
        };
        let put = Put {
            token: input.client_request_token,
            content,
            stages: input.version_stages.unwrap_or_else(|| vec![stages::CURRENT.to_owned()]),
        };
        let (secret, version) = self.put(cx, &SecretId::parse(&input.secret_id), &put, |_| ()).await?;
        let stages = secret.versions.get(&version).map(|version| version.stages.clone());
        Ok(PutSecretValueResponse {
            arn: Some(secret.arn(cx.place())),
            name: Some(secret.name),
            version_id: Some(version),
            version_stages: stages.filter(|stages| !stages.is_empty()),
        })
    }
}
