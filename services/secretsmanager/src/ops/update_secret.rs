//! secretsmanager:UpdateSecret — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html>

use api_secretsmanager::op::UpdateSecret;
use api_secretsmanager::{UpdateSecretRequest, UpdateSecretResponse};
use roadstead_kernel::prelude::*;

use crate::content::Content;
use crate::error::invalid;
use crate::id::SecretId;
use crate::put::Put;
use crate::records::Secret;
use crate::{SecretsManager, stages};

impl Handle<UpdateSecret> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &UpdateSecretRequest) -> Result<Needs> {
        let needs = self.needs_on(cx, &SecretId::parse(&input.secret_id)).await?;
        Ok(needs
            .key_if("secretsmanager:Description", input.description.clone())
            .key_if("secretsmanager:KmsKeyId", input.kms_key_id.clone()))
    }

    async fn handle(&self, cx: &Cx, input: UpdateSecretRequest) -> Reply<UpdateSecret> {
        if input.r#type.is_some() {
            return Err(invalid(
                "Type is not available: secrets of other vendors are not managed here.",
            ));
        }
        let id = SecretId::parse(&input.secret_id);
        let describe = |secret: &mut Secret| {
            if let Some(description) = &input.description {
                secret.description = Some(description.clone());
            }
            if let Some(key) = &input.kms_key_id {
                secret.kms_key_id = Some(key.clone()).filter(|key| !key.is_empty());
            }
            secret.changed_at = cx.now();
        };
        let (secret, version) = match Content::given(input.secret_string, input.secret_binary)? {
            Some(content) => {
                let put = Put {
                    token: input.client_request_token,
                    content,
                    stages: vec![stages::CURRENT.to_owned()],
                };
                let (secret, version) = self.put(cx, &id, &put, describe).await?;
                (secret, Some(version))
            }
            None => {
                let changed = self.change(cx, &id, |secret| {
                    describe(secret);
                    Ok(())
                });
                (changed.await?, None)
            }
        };
        Ok(UpdateSecretResponse {
            arn: Some(secret.arn(cx.place())),
            name: Some(secret.name),
            version_id: version,
        })
    }
}
