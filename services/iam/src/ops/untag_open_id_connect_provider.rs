//! iam:UntagOpenIDConnectProvider — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagOpenIDConnectProvider.html>

use api_iam::UntagOpenIDConnectProviderRequest;
use api_iam::op::UntagOpenIDConnectProvider;

use crate::prelude::*;
use crate::tagging;

impl Handle<UntagOpenIDConnectProvider> for Iam {
    async fn needs(&self, cx: &Cx, input: &UntagOpenIDConnectProviderRequest) -> Result<Needs> {
        let needs = self.needs_on_oidc(cx, &input.open_id_connect_provider_arn).await?;
        Ok(needs.tag_keys(input.tag_keys.iter().cloned()))
    }

    async fn handle(&self, cx: &Cx, input: UntagOpenIDConnectProviderRequest) -> Reply<UntagOpenIDConnectProvider> {
        self.change_oidc(cx, &input.open_id_connect_provider_arn, |provider| {
            tagging::remove(&mut provider.tags, &input.tag_keys);
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
