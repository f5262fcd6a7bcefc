//! iam:RemoveClientIDFromOpenIDConnectProvider — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveClientIDFromOpenIDConnectProvider.html>

use api_iam::RemoveClientIDFromOpenIDConnectProviderRequest;
use api_iam::op::RemoveClientIDFromOpenIDConnectProvider;

use crate::prelude::*;

impl Handle<RemoveClientIDFromOpenIDConnectProvider> for Iam {
    async fn needs(&self, cx: &Cx, input: &RemoveClientIDFromOpenIDConnectProviderRequest) -> Result<Needs> {
        self.needs_on_oidc(cx, &input.open_id_connect_provider_arn).await
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: RemoveClientIDFromOpenIDConnectProviderRequest,
    ) -> Reply<RemoveClientIDFromOpenIDConnectProvider> {
        self.change_oidc(cx, &input.open_id_connect_provider_arn, |provider| {
            provider.clients.retain(|client| *client != input.client_id);
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
