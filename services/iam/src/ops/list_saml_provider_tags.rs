//! iam:ListSAMLProviderTags — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSAMLProviderTags.html>

use api_iam::op::ListSAMLProviderTags;
use api_iam::{ListSAMLProviderTagsRequest, ListSAMLProviderTagsResponse};

use crate::prelude::*;
use crate::{pages, tagging};

impl Handle<ListSAMLProviderTags> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListSAMLProviderTagsRequest) -> Result<Needs> {
        self.needs_on_saml(cx, &input.saml_provider_arn).await
    }

    async fn handle(&self, cx: &Cx, input: ListSAMLProviderTagsRequest) -> Reply<ListSAMLProviderTags> {
        let provider = self.saml_provider(cx, &input.saml_provider_arn).await?.record;
        let list = format!("tags:{}", provider.arn);
        let tags = tagging::to_api(&provider.tags);
        let page = pages::cut(&list, tags, |tag| &tag.key, input.marker.as_deref(), input.max_items)?;
        Ok(ListSAMLProviderTagsResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            tags: page.items,
        })
    }
}
