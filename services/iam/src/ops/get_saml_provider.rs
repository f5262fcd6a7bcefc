//! iam:GetSAMLProvider — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetSAMLProvider.html>

use api_iam::op::GetSAMLProvider;
use api_iam::{GetSAMLProviderRequest, GetSAMLProviderResponse};

use crate::prelude::*;
use crate::tagging;

impl Handle<GetSAMLProvider> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetSAMLProviderRequest) -> Result<Needs> {
        self.needs_on_saml(cx, &input.saml_provider_arn).await
    }

    async fn handle(&self, cx: &Cx, input: GetSAMLProviderRequest) -> Reply<GetSAMLProvider> {
        let provider = self.saml_provider(cx, &input.saml_provider_arn).await?.record;
        Ok(GetSAMLProviderResponse {
            saml_provider_uuid: Some(provider.uuid),
            saml_metadata_document: Some(provider.document),
            create_date: Some(provider.created),
            valid_until: Some(provider.valid_until),
            tags: tagging::to_api_if_any(&provider.tags),
            assertion_encryption_mode: None,
            private_key_list: None,
        })
    }
}
