//! secretsmanager:ListSecretVersionIds — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html>

use api_secretsmanager::op::ListSecretVersionIds;
use api_secretsmanager::{ListSecretVersionIdsRequest, ListSecretVersionIdsResponse, SecretVersionsListEntry};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::SecretsManager;
use crate::error::invalid_token;
use crate::id::SecretId;

/// The largest page, and the page of a caller who asks for none in particular.
const PAGE: usize = 100;
/// The key of values for which none is named.
const DEFAULT_KEY: &str = "DefaultEncryptionKey";

impl Handle<ListSecretVersionIds> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &ListSecretVersionIdsRequest) -> Result<Needs> {
        self.needs_on(cx, &SecretId::parse(&input.secret_id)).await
    }

    async fn handle(&self, cx: &Cx, input: ListSecretVersionIdsRequest) -> Reply<ListSecretVersionIds> {
        let secret = self.secret(cx, &SecretId::parse(&input.secret_id)).await?.record;
        let deprecated = input.include_deprecated == Some(true);
        let call = format!("ListSecretVersionIds {} {deprecated}", secret.unique_name());
        let after = match input.next_token.as_deref() {
            None => None,
            Some(token) => Some(paging::key(&call, token).ok_or_else(invalid_token)?),
        };
        let kept = secret
            .versions
            .iter()
            .filter(|(_, version)| deprecated || !version.stages.is_empty());
        let limit = input
            .max_results
            .and_then(|size| usize::try_from(size).ok())
            .unwrap_or(PAGE);
        let page = paging::page(kept, |(id, _)| id.as_str(), after.as_deref(), limit);
        let key = secret.kms_key_id.clone().unwrap_or_else(|| DEFAULT_KEY.to_owned());
        let versions = page.items.into_iter().map(|(id, version)| SecretVersionsListEntry {
            version_id: Some(id.clone()),
            version_stages: Some(version.stages.clone()).filter(|stages| !stages.is_empty()),
            last_accessed_date: version.accessed_on,
            created_date: Some(version.created_at),
            kms_key_ids: Some(vec![key.clone()]),
        });
        Ok(ListSecretVersionIdsResponse {
            versions: Some(versions.collect()),
            next_token: page.next.map(|id| paging::token(&call, &id)),
            arn: Some(secret.arn(cx.place())),
            name: Some(secret.name.clone()),
        })
    }
}
