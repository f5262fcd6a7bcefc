//! iam:TagOpenIDConnectProvider — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagOpenIDConnectProvider.html>

use api_iam::TagOpenIDConnectProviderRequest;
use api_iam::op::TagOpenIDConnectProvider;

use crate::prelude::*;
use crate::tagging;

impl Handle<TagOpenIDConnectProvider> for Iam {
    async fn needs(&self, cx: &Cx, input: &TagOpenIDConnectProviderRequest) -> Result<Needs> {
        let needs = self.needs_on_oidc(cx, &input.open_id_connect_provider_arn).await?;
        Ok(needs.request_tags(&tagging::requested(Some(&input.tags))))
    }

    async fn handle(&self, cx: &Cx, input: TagOpenIDConnectProviderRequest) -> Reply<TagOpenIDConnectProvider> {
        let tags = tagging::from_api(Some(&input.tags))?;

        self.change_oidc(cx, &input.open_id_connect_provider_arn, |provider| {
            tagging::merge(&mut provider.tags, &tags)
        })
        .await?;
        Ok(Empty {})
    }
}
