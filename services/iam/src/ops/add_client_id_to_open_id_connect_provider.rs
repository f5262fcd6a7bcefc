//! iam:AddClientIDToOpenIDConnectProvider — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html>

use api_iam::AddClientIDToOpenIDConnectProviderRequest;
use api_iam::op::AddClientIDToOpenIDConnectProvider;

use crate::oidc;
use crate::prelude::*;

impl Handle<AddClientIDToOpenIDConnectProvider> for Iam {
    async fn needs(&self, cx: &Cx, input: &AddClientIDToOpenIDConnectProviderRequest) -> Result<Needs> {
        self.needs_on_oidc(cx, &input.open_id_connect_provider_arn).await
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: AddClientIDToOpenIDConnectProviderRequest,
    ) -> Reply<AddClientIDToOpenIDConnectProvider> {
        self.change_oidc(cx, &input.open_id_connect_provider_arn, |provider| {
            if !provider.clients.contains(&input.client_id) {
                provider.clients.push(input.client_id.clone());
            }
            oidc::check(provider)
        })
        .await?;
        Ok(Empty {})
    }
}
