//! ecs:ListTagsForResource — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTagsForResource.html>

use api_ecs::op::ListTagsForResource;
use api_ecs::{ListTagsForResourceRequest, ListTagsForResourceResponse};
use roadstead_kernel::prelude::*;

use crate::Ecs;
use crate::records::tags_to_api;
use crate::run::tagged;

impl Handle<ListTagsForResource> for Ecs {
    async fn needs(&self, cx: &Cx, input: &ListTagsForResourceRequest) -> Result<Needs> {
        self.on_tagged(cx, &input.resource_arn).await
    }

    async fn handle(&self, cx: &Cx, input: ListTagsForResourceRequest) -> Reply<ListTagsForResource> {
        let tags = tagged(self, cx, &input.resource_arn).await?.read(self, cx).await?;
        Ok(ListTagsForResourceResponse {
            tags: Some(tags_to_api(&tags)),
        })
    }
}
