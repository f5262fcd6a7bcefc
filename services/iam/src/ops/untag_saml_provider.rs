//! iam:UntagSAMLProvider — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagSAMLProvider.html>

use api_iam::UntagSAMLProviderRequest;
use api_iam::op::UntagSAMLProvider;

use crate::prelude::*;
use crate::tagging;

impl Handle<UntagSAMLProvider> for Iam {
    async fn needs(&self, cx: &Cx, input: &UntagSAMLProviderRequest) -> Result<Needs> {
        let needs = self.needs_on_saml(cx, &input.saml_provider_arn).await?;
        Ok(needs.tag_keys(input.tag_keys.iter().cloned()))
    }

    async fn handle(&self, cx: &Cx, input: UntagSAMLProviderRequest) -> Reply<UntagSAMLProvider> {
        self.change_saml(cx, &input.saml_provider_arn, |provider| {
            tagging::remove(&mut provider.tags, &input.tag_keys);
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
