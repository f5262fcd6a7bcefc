//! secretsmanager:GetSecretValue — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>

use api_secretsmanager::op::GetSecretValue;
use api_secretsmanager::{GetSecretValueRequest, GetSecretValueResponse};
use roadstead_kernel::prelude::*;
use roadstead_store::Versioned;

use crate::error::{bad_request, no_value};
use crate::id::SecretId;
use crate::records::Secret;
use crate::{SecretsManager, stages};

impl Handle<GetSecretValue> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &GetSecretValueRequest) -> Result<Needs> {
        let needs = self.needs_on(cx, &SecretId::parse(&input.secret_id)).await?;
        let stage = input.version_stage.as_deref();
        // AWS: a call that names neither asks for the current version.
        let stage = stage.or_else(|| input.version_id.is_none().then_some(stages::CURRENT));
        Ok(needs
            .key_if("secretsmanager:VersionId", input.version_id.clone())
            .key_if("secretsmanager:VersionStage", stage))
    }

    async fn handle(&self, cx: &Cx, input: GetSecretValueRequest) -> Reply<GetSecretValue> {
        let found = self.live(cx, &SecretId::parse(&input.secret_id)).await?;
        self.value(cx, found, input.version_id.as_deref(), input.version_stage.as_deref())
            .await
    }
}

impl SecretsManager {
    /// The value of a version, and that it was read.
    ///
    /// Errors: `ResourceNotFoundException`, `InvalidRequestException` for a version that has not that label.
    pub(crate) async fn value(
        &self,
        cx: &Cx,
        mut found: Versioned<Secret>,
        id: Option<&str>,
        stage: Option<&str>,
    ) -> Result<GetSecretValueResponse> {
        let secret = &found.record;
        let holder = |stage: &str| stages::holder(&secret.versions, stage);
        let version = match (id, stage) {
            (None, stage) => {
                let stage = stage.unwrap_or(stages::CURRENT);
                holder(stage).ok_or_else(|| no_value(&format!("staging label: {stage}")))?
            }
            (Some(id), Some(stage)) if secret.versions.contains_key(id) && holder(stage) != Some(id) => {
                return Err(bad_request(
                    "You provided a VersionStage that is not associated to the provided VersionId.",
                ));
            }
            (Some(id), _) => id,
        }
        .to_owned();
        let missing = || no_value(&format!("VersionId: {version}"));
        let known = secret.versions.get(&version).ok_or_else(missing)?;
        let (text, binary) = self
            .content(cx, secret, &version)
            .await?
            .ok_or_else(missing)?
            .into_api();
        let answer = GetSecretValueResponse {
            arn: Some(secret.arn(cx.place())),
            name: Some(secret.name.clone()),
            secret_binary: binary,
            secret_string: text,
            version_stages: Some(known.stages.clone()).filter(|stages| !stages.is_empty()),
            created_date: Some(known.created_at),
            version_id: Some(version.clone()),
        };
        if found.record.accessed(&version, cx.now()) {
            // Whoever changed the secret meanwhile wins: the next reading notes it.
            self.replace(cx, &found).await?;
        }
        Ok(answer)
    }
}
