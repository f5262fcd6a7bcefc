//! Secrets Manager: secrets with versions and staging labels, their policies, their deletion and recovery.

mod content;
mod error;
mod filters;
mod id;
mod password;
mod policy;
mod put;
mod records;
mod stages;
mod tagging;

use std::sync::Arc;

use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Region, Timestamp};
use roadstead_kernel::operations;
use roadstead_kernel::prelude::*;
use roadstead_store::{Scope, Store, StoreError, Table, Txn, Versioned};

use crate::error::{busy, marked_for_deletion, not_found};
use crate::id::SecretId;
use crate::records::{Secret, Value};

/// How often a change is tried again that lost a race.
const MAX_RETRIES: usize = 32;

/// The service.
pub struct SecretsManager {
    store: Arc<dyn Store>,
    secrets: Table<Secret>,
    values: Table<Value>,
}

operations! {
    SecretsManager: api_secretsmanager,
    batch_get_secret_value::BatchGetSecretValue,
    create_secret::CreateSecret,
    delete_resource_policy::DeleteResourcePolicy,
    delete_secret::DeleteSecret,
    describe_secret::DescribeSecret,
    get_random_password::GetRandomPassword,
    get_resource_policy::GetResourcePolicy,
    get_secret_value::GetSecretValue,
    list_secret_version_ids::ListSecretVersionIds,
    list_secrets::ListSecrets,
    put_resource_policy::PutResourcePolicy,
    put_secret_value::PutSecretValue,
    restore_secret::RestoreSecret,
    tag_resource::TagResource,
    untag_resource::UntagResource,
    update_secret::UpdateSecret,
    update_secret_version_stage::UpdateSecretVersionStage,
    validate_resource_policy::ValidateResourcePolicy,
}

impl SecretsManager {
    /// The service over a store.
    pub fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            secrets: Table::new(Arc::clone(&store)),
            values: Table::new(Arc::clone(&store)),
            store,
        })
    }

    /// The secret that a call names, if there is one; one whose recovery window is over is not.
    pub(crate) async fn find(&self, cx: &Cx, id: &SecretId) -> Result<Option<Versioned<Secret>>> {
        for (name, suffix) in id.candidates(cx.place()) {
            let found = self.secrets.get(scope(&cx.place()), &[name]).await?;
            let found = found.filter(|found| suffix.is_none_or(|suffix| found.record.suffix == suffix));
            if let Some(found) = found.filter(|found| !found.record.is_over(cx.now())) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// As [`SecretsManager::find`]. Errors: `ResourceNotFoundException`, `ValidationException` for what is no name.
    pub(crate) async fn secret(&self, cx: &Cx, id: &SecretId) -> Result<Versioned<Secret>> {
        id.check()?;
        self.find(cx, id).await?.ok_or_else(not_found)
    }

    /// As [`SecretsManager::secret`]; `InvalidRequestException` for one that is marked for deletion.
    pub(crate) async fn live(&self, cx: &Cx, id: &SecretId) -> Result<Versioned<Secret>> {
        let found = self.secret(cx, id).await?;
        if found.record.deletion.is_some() {
            return Err(marked_for_deletion());
        }
        Ok(found)
    }

    /// Changes a secret that is not marked for deletion.
    pub(crate) async fn change(
        &self,
        cx: &Cx,
        id: &SecretId,
        mut change: impl FnMut(&mut Secret) -> Result<()>,
    ) -> Result<Secret> {
        for _ in 0..MAX_RETRIES {
            let mut found = self.live(cx, id).await?;
            change(&mut found.record)?;
            if self.replace(cx, &found).await? {
                return Ok(found.record);
            }
        }
        Err(busy())
    }

    /// Writes a secret that was read and changed; tells whether nobody wrote it meanwhile.
    pub(crate) async fn replace(&self, cx: &Cx, changed: &Versioned<Secret>) -> Result<bool> {
        let (place, id) = (cx.place(), [changed.record.name.as_str()]);
        let written = self
            .secrets
            .replace(scope(&place), &id, changed.revision, &changed.record)
            .await;
        won(written.map(|_| ()))
    }

    /// What removes a secret with all its values.
    pub(crate) fn stage_removal(&self, txn: Txn, place: Place, found: &Versioned<Secret>) -> Txn {
        let mut txn = txn;
        self.secrets
            .stage_delete(&mut txn, scope(&place), &[&found.record.name], found.revision);
        txn.delete_prefix(Table::<Value>::prefix(scope(&place), &[&found.record.unique_name()]))
    }

    /// Removes the secrets whose recovery window is over; tells how many.
    pub async fn purge(&self, now: Timestamp) -> Result<usize> {
        let mut purged = 0;
        for (account, region) in roadstead_store::scopes(&*self.store).await? {
            let (Some(account), Some(region)) = (AccountId::parse(&account), Region::parse(&region)) else {
                continue;
            };
            let place = Place { account, region };
            for found in self.secrets.list_all(scope(&place)).await? {
                if found.record.is_over(now) {
                    let removed = self.store.commit(self.stage_removal(Txn::new(), place, &found)).await;
                    purged += usize::from(won(removed.map(|_| ()))?);
                }
            }
        }
        Ok(purged)
    }

    /// Needs on the secret that a call names, with all that policies can say about it.
    pub(crate) async fn needs_on(&self, cx: &Cx, id: &SecretId) -> Result<Needs> {
        let Some(found) = self.find(cx, id).await? else {
            let arn = id.arn(cx.place());
            let needs = Needs::on(arn.clone()).key("secretsmanager:SecretId", arn);
            // AWS: what is not there is called as the caller called it.
            return Ok(needs.shown_as(id.text()));
        };
        needs_on_secret(cx, &found.record)
    }
}

/// Needs on a secret that was read.
pub(crate) fn needs_on_secret(cx: &Cx, secret: &Secret) -> Result<Needs> {
    let arn = secret.arn(cx.place());
    let needs = Needs::on(arn.clone())
        .key("secretsmanager:SecretId", arn)
        .key("secretsmanager:SecretPrimaryRegion", cx.region().as_str())
        .resource_tags("secretsmanager", &secret.tags);
    Ok(match &secret.policy {
        Some(text) => needs.resource_policy(policy::compile(text)?),
        None => needs,
    })
}

/// The scope of a place's records.
pub(crate) fn scope(place: &Place) -> Scope<'_> {
    Scope::new(place.account.as_str(), place.region.as_str())
}

/// Whether a write went through, or lost a race.
pub(crate) fn won(written: std::result::Result<(), StoreError>) -> Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict { .. }) => Ok(false),
        Err(error) => Err(error).context("writing a secret"),
    }
}
