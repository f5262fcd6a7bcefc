//! iam:TagSAMLProvider — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagSAMLProvider.html>

use api_iam::TagSAMLProviderRequest;
use api_iam::op::TagSAMLProvider;

use crate::prelude::*;
use crate::tagging;

impl Handle<TagSAMLProvider> for Iam {
    async fn needs(&self, cx: &Cx, input: &TagSAMLProviderRequest) -> Result<Needs> {
        let needs = self.needs_on_saml(cx, &input.saml_provider_arn).await?;
        Ok(needs.request_tags(&tagging::requested(Some(&input.tags))))
    }

    async fn handle(&self, cx: &Cx, input: TagSAMLProviderRequest) -> Reply<TagSAMLProvider> {
        let tags = tagging::from_api(Some(&input.tags))?;
        self.change_saml(cx, &input.saml_provider_arn, |provider| {
            tagging::merge(&mut provider.tags, &tags)
        })
        .await?;
        Ok(Empty {})
    }
}
