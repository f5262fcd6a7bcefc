//! iam:GetOpenIDConnectProvider — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOpenIDConnectProvider.html>

use api_iam::op::GetOpenIDConnectProvider;
use api_iam::{GetOpenIDConnectProviderRequest, GetOpenIDConnectProviderResponse};

use crate::prelude::*;
use crate::tagging;

impl Handle<GetOpenIDConnectProvider> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetOpenIDConnectProviderRequest) -> Result<Needs> {
        self.needs_on_oidc(cx, &input.open_id_connect_provider_arn).await
    }

    async fn handle(&self, cx: &Cx, input: GetOpenIDConnectProviderRequest) -> Reply<GetOpenIDConnectProvider> {
        let provider = self
            .oidc_provider(cx, &input.open_id_connect_provider_arn)
            .await?
            .record;
        Ok(GetOpenIDConnectProviderResponse {
            url: Some(provider.url),
            client_id_list: Some(provider.clients),
            thumbprint_list: Some(provider.thumbprints),
            create_date: Some(provider.created),
            tags: tagging::to_api_if_any(&provider.tags),
        })
    }
}
