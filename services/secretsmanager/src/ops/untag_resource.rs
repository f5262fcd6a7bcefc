//! secretsmanager:UntagResource — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UntagResource.html>

use api_secretsmanager::UntagResourceRequest;
use api_secretsmanager::op::UntagResource;
use roadstead_kernel::prelude::*;
use roadstead_wire::Empty;

use crate::id::SecretId;
use crate::{SecretsManager, tagging};

impl Handle<UntagResource> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &UntagResourceRequest) -> Result<Needs> {
        let needs = self.needs_on(cx, &SecretId::parse(&input.secret_id)).await?;
        Ok(needs.tag_keys(input.tag_keys.iter().cloned()))
    }

    async fn handle(&self, cx: &Cx, input: UntagResourceRequest) -> Reply<UntagResource> {
        tagging::check(input.tag_keys.iter().map(String::as_str))?;
        self.change(cx, &SecretId::parse(&input.secret_id), |secret| {
            for key in &input.tag_keys {
                secret.tags.remove(key);
            }
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
