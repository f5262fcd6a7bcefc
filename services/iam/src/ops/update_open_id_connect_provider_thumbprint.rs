//! iam:UpdateOpenIDConnectProviderThumbprint — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProviderThumbprint.html>

use api_iam::UpdateOpenIDConnectProviderThumbprintRequest;
use api_iam::op::UpdateOpenIDConnectProviderThumbprint;

use crate::oidc;
use crate::prelude::*;

impl Handle<UpdateOpenIDConnectProviderThumbprint> for Iam {
    async fn needs(&self, cx: &Cx, input: &UpdateOpenIDConnectProviderThumbprintRequest) -> Result<Needs> {
        self.needs_on_oidc(cx, &input.open_id_connect_provider_arn).await
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: UpdateOpenIDConnectProviderThumbprintRequest,
    ) -> Reply<UpdateOpenIDConnectProviderThumbprint> {
        self.change_oidc(cx, &input.open_id_connect_provider_arn, |provider| {
            provider.thumbprints.clone_from(&input.thumbprint_list);
            oidc::check(provider)
        })
        .await?;
        Ok(Empty {})
    }
}
