//! events:TagResource — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html>

use api_events::op::TagResource;
use api_events::{TagResourceRequest, TagResourceResponse};

use crate::check::{count, tags};
use crate::prelude::*;

impl Handle<TagResource> for Events {
    async fn needs(&self, cx: &Cx, input: &TagResourceRequest) -> Result<Needs> {
        let added: Tags = input
            .tags
            .iter()
            .map(|tag| (tag.key.as_str(), tag.value.as_str()))
            .collect();
        let needs = self.needs_for_tags(cx, &input.resource_arn).await?;
        Ok(needs.request_tags(&added))
    }

    async fn handle(&self, cx: &Cx, input: TagResourceRequest) -> Reply<TagResource> {
        let added = tags(&input.tags)?;
        let change = |tags: &mut Tags| {
            tags.merge(&added);
            count(tags)
        };
        self.change_tags(cx, &input.resource_arn, change).await?;
        Ok(TagResourceResponse {})
    }
}
