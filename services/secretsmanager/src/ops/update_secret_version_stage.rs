//! secretsmanager:UpdateSecretVersionStage — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html>

use api_secretsmanager::op::UpdateSecretVersionStage;
use api_secretsmanager::{UpdateSecretVersionStageRequest, UpdateSecretVersionStageResponse};
use roadstead_kernel::prelude::*;

use crate::error::{invalid, no_value};
use crate::id::SecretId;
use crate::records::Secret;
use crate::{SecretsManager, stages};

impl Handle<UpdateSecretVersionStage> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &UpdateSecretVersionStageRequest) -> Result<Needs> {
        let needs = self.needs_on(cx, &SecretId::parse(&input.secret_id)).await?;
        Ok(needs.key("secretsmanager:VersionStage", input.version_stage.clone()))
    }

    async fn handle(&self, cx: &Cx, input: UpdateSecretVersionStageRequest) -> Reply<UpdateSecretVersionStage> {
        let id = SecretId::parse(&input.secret_id);
        let secret = self
            .change(cx, &id, |secret| {
                move_stage(secret, &input)?;
                secret.changed_at = cx.now();
                Ok(())
            })
            .await?;
        Ok(UpdateSecretVersionStageResponse {
            arn: Some(secret.arn(cx.place())),
            name: Some(secret.name),
        })
    }
}

fn move_stage(secret: &mut Secret, input: &UpdateSecretVersionStageRequest) -> Result<()> {
    let (stage, from, to) = (
        input.version_stage.as_str(),
        input.remove_from_version_id.as_deref(),
        input.move_to_version_id.as_deref(),
    );
    let holder = stages::holder(&secret.versions, stage).map(str::to_owned);
    for id in from.into_iter().chain(to) {
        if !secret.versions.contains_key(id) {
            return Err(no_value(&format!("VersionId: {id}")));
        }
    }
    match (from, holder.as_deref()) {
        (Some(from), holder) if holder != Some(from) => {
            return Err(invalid(format!(
                "The parameter RemoveFromVersionId is not correct: staging label {stage} is not attached to version {from}."
            )));
        }
        (None, Some(holder)) if to != Some(holder) => {
            return Err(invalid(format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version \
                 {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            )));
        }
        _ => {}
    }
    match to {
        Some(to) => stages::attach(&mut secret.versions, to, stage),
        None if stage == stages::CURRENT => {
            return Err(invalid(
                "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
            ));
        }
        None => stages::detach(&mut secret.versions, stage),
    }
    Ok(())
}
