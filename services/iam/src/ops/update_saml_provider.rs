//! iam:UpdateSAMLProvider — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateSAMLProvider.html>

use api_iam::op::UpdateSAMLProvider;
use api_iam::{UpdateSAMLProviderRequest, UpdateSAMLProviderResponse};

use crate::prelude::*;
use crate::saml;

impl Handle<UpdateSAMLProvider> for Iam {
    async fn needs(&self, cx: &Cx, input: &UpdateSAMLProviderRequest) -> Result<Needs> {
        self.needs_on_saml(cx, &input.saml_provider_arn).await
    }

    async fn handle(&self, cx: &Cx, input: UpdateSAMLProviderRequest) -> Reply<UpdateSAMLProvider> {
        saml::refuse_keys(
            input.assertion_encryption_mode.is_some()
                || input.add_private_key.is_some()
                || input.remove_private_key.is_some(),
        )?;
        let now = cx.now();
        self.change_saml(cx, &input.saml_provider_arn, |provider| {
            if let Some(document) = &input.saml_metadata_document {
                provider.valid_until = saml::valid_until(document, now)?;
                provider.document.clone_from(document);
            }
            Ok(())
        })
        .await?;
        Ok(UpdateSAMLProviderResponse {
            saml_provider_arn: Some(input.saml_provider_arn),
        })
    }
}
