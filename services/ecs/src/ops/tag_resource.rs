//! ecs:TagResource — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html>

use api_ecs::op::TagResource;
use api_ecs::{TagResourceRequest, TagResourceResponse};
use roadstead_kernel::prelude::*;

use crate::Ecs;
use crate::records::{check_tags, tags_from_api};
use crate::run::tagged;

impl Handle<TagResource> for Ecs {
    async fn needs(&self, cx: &Cx, input: &TagResourceRequest) -> Result<Needs> {
        let needs = self.on_tagged(cx, &input.resource_arn).await?;
        Ok(needs.request_tags(&tags_from_api(Some(&input.tags))))
    }

    async fn handle(&self, cx: &Cx, input: TagResourceRequest) -> Reply<TagResource> {
        if input.tags.iter().any(|tag| tag.value.is_none()) {
            // AWS: recorded.
            return Err(crate::error::invalid("Tag value can not be null."));
        }
        let added = tags_from_api(Some(&input.tags));
        check_tags(&added)?;
        let target = tagged(self, cx, &input.resource_arn).await?;
        target
            .change(self, cx, |tags| {
                tags.merge(&added);
                check_count(tags)
            })
            .await?;
        Ok(TagResourceResponse {})
    }
}

fn check_count(tags: &Tags) -> Result<()> {
    if tags.counted() > roadstead_core::tags::MAX_TAGS {
        return Err(crate::error::invalid(format!(
            "The number of tags exceeds the limit of {}.",
            roadstead_core::tags::MAX_TAGS
        )));
    }
    Ok(())
}
