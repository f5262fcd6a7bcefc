//! iam:ListOpenIDConnectProviderTags — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOpenIDConnectProviderTags.html>

use api_iam::op::ListOpenIDConnectProviderTags;
use api_iam::{ListOpenIDConnectProviderTagsRequest, ListOpenIDConnectProviderTagsResponse};

use crate::prelude::*;
use crate::{pages, tagging};

impl Handle<ListOpenIDConnectProviderTags> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListOpenIDConnectProviderTagsRequest) -> Result<Needs> {
        self.needs_on_oidc(cx, &input.open_id_connect_provider_arn).await
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: ListOpenIDConnectProviderTagsRequest,
    ) -> Reply<ListOpenIDConnectProviderTags> {
        let provider = self
            .oidc_provider(cx, &input.open_id_connect_provider_arn)
            .await?
            .record;
        let list = format!("tags:{}", provider.arn);
        let tags = tagging::to_api(&provider.tags);
        let page = pages::cut(&list, tags, |tag| &tag.key, input.marker.as_deref(), input.max_items)?;
        Ok(ListOpenIDConnectProviderTagsResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            tags: page.items,
        })
    }
}
