//! secretsmanager:TagResource — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html>

use api_secretsmanager::TagResourceRequest;
use api_secretsmanager::op::TagResource;
use roadstead_kernel::prelude::*;
use roadstead_wire::Empty;

use crate::id::SecretId;
use crate::{SecretsManager, tagging};

impl Handle<TagResource> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &TagResourceRequest) -> Result<Needs> {
        let needs = self.needs_on(cx, &SecretId::parse(&input.secret_id)).await?;
        Ok(needs.request_tags(&tagging::from_api(&input.tags)))
    }

    async fn handle(&self, cx: &Cx, input: TagResourceRequest) -> Reply<TagResource> {
        let added = tagging::from_api(&input.tags);
        tagging::check(added.iter().map(|(key, _)| key))?;
        self.change(cx, &SecretId::parse(&input.secret_id), |secret| {
            tagging::add(&mut secret.tags, &added)
        })
        .await?;
        Ok(Empty {})
    }
}
