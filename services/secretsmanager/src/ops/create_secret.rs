//! secretsmanager:CreateSecret — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>

use api_secretsmanager::op::CreateSecret;
use api_secretsmanager::{CreateSecretRequest, CreateSecretResponse};
use roadstead_kernel::prelude::*;
use roadstead_store::Txn;

use crate::content::Content;
use crate::error::{bad_name, bad_request, busy, exists, invalid};
use crate::id;
use crate::put::add;
use crate::records::{Secret, Value};
use crate::{MAX_RETRIES, SecretsManager, scope, stages, tagging, won};

impl Handle<CreateSecret> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &CreateSecretRequest) -> Result<Needs> {
        // AWS: policies see the ARN, a denial names the secret alone.
        let arn = id::arn(cx.place(), &input.name, &id::suffix(cx.request_id()));
        let tags = tagging::from_api(input.tags.as_deref().unwrap_or_default());
        let about = |needs: Needs| {
            needs
                .key("secretsmanager:Name", input.name.clone())
                .request_tags(&tags)
                .shown_as(input.name.clone())
        };
        let needs = about(Needs::on(arn.clone()))
            .key_if("secretsmanager:Description", input.description.clone())
            .key_if("secretsmanager:KmsKeyId", input.kms_key_id.clone());
        Ok(if tags.is_empty() {
            needs
        } else {
            needs.and(about(Needs::on(arn).action("secretsmanager:TagResource")))
        })
    }

    async fn handle(&self, cx: &Cx, input: CreateSecretRequest) -> Reply<CreateSecret> {
        if !id::is_name(&input.name) {
            return Err(bad_name());
        }
        if input
            .add_replica_regions
            .as_ref()
            .is_some_and(|regions| !regions.is_empty())
        {
            return Err(invalid(
                "AddReplicaRegions is not available: secrets are not replicated here.",
            ));
        }
        if input.r#type.is_some() {
            return Err(invalid(
                "Type is not available: secrets of other vendors are not managed here.",
            ));
        }
        let content = Content::given(input.secret_string.clone(), input.secret_binary.clone())?;
        let version = content
            .is_some()
            .then(|| input.client_request_token.clone().unwrap_or_else(|| cx.ids().uuid()));
        let mut secret = new(cx, &input)?;
        if let Some(version) = &version {
            add(&mut secret, version, &[stages::CURRENT.to_owned()], cx.now());
        }
        for _ in 0..MAX_RETRIES {
            let txn = match self.make_way(cx, &secret, version.as_deref(), content.as_ref()).await? {
                Way::Known(known) => return Ok(answer(cx, &known, version)),
                Way::Free(txn) => txn,
            };
            let txn = self.stage_first(cx, txn, &secret, version.as_deref(), content.as_ref())?;
            if won(self.store.commit(txn).await.map(|_| ()))? {
                return Ok(answer(cx, &secret, version));
            }
        }
        Err(busy())
    }
}

/// Whether a secret can be made.
enum Way {
    /// This is the same request again: it was made then.
    Known(Box<Secret>),
    /// Yes, with what removes one of that name whose time is over.
    Free(Txn),
}

impl SecretsManager {
    /// Looks for what is in the way of a new secret.
    async fn make_way(
        &self,
        cx: &Cx,
        wanted: &Secret,
        version: Option<&str>,
        content: Option<&Content>,
    ) -> Result<Way> {
        let place = cx.place();
        let Some(found) = self.secrets.get(scope(&place), &[&wanted.name]).await? else {
            return Ok(Way::Free(Txn::new()));
        };
        if found.record.is_over(cx.now()) {
            // The removal is committed by itself: one transaction does not write a key twice.
            let removed = self.store.commit(self.stage_removal(Txn::new(), place, &found)).await;
            won(removed.map(|_| ()))?;
            return Ok(Way::Free(Txn::new()));
        }
        if found.record.deletion.is_some() {
            return Err(bad_request(
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            ));
        }
        if let (Some(version), Some(content)) = (version, content)
            && found.record.versions.contains_key(version)
            && self.is(cx, &found.record, version, content).await?
        {
            return Ok(Way::Known(Box::new(found.record)));
        }
        Err(exists(format!(
            "The operation failed because the secret {} already exists.",
            wanted.name
        )))
    }

    fn stage_first(
        &self,
        cx: &Cx,
        mut txn: Txn,
        secret: &Secret,
        version: Option<&str>,
        content: Option<&Content>,
    ) -> Result<Txn> {
        let place = cx.place();
        self.secrets
            .stage_new(&mut txn, scope(&place), &[&secret.name], secret)?;
        if let (Some(version), Some(content)) = (version, content) {
            let value = Value::close(cx, secret, version, content)?;
            let id = [&*secret.unique_name(), version];
            self.values.stage_new(&mut txn, scope(&place), &id, &value)?;
        }
        Ok(txn)
    }
}

fn new(cx: &Cx, input: &CreateSecretRequest) -> Result<Secret> {
    let given = tagging::from_api(input.tags.as_deref().unwrap_or_default());
    tagging::check(given.iter().map(|(key, _)| key))?;
    let mut tags = Tags::new();
    tagging::add(&mut tags, &given)?;
    Ok(Secret {
        name: input.name.clone(),
        suffix: id::suffix(cx.request_id()),
        description: input.description.clone(),
        kms_key_id: input.kms_key_id.clone(),
        policy: None,
        tags,
        versions: std::collections::BTreeMap::new(),
        created_at: cx.now(),
        changed_at: cx.now(),
        accessed_on: None,
        deletion: None,
    })
}

fn answer(cx: &Cx, secret: &Secret, version: Option<String>) -> CreateSecretResponse {
    CreateSecretResponse {
        arn: Some(secret.arn(cx.place())),
        name: Some(secret.name.clone()),
        version_id: version,
        ..CreateSecretResponse::default()
    }
}
