//! ecs:TagResource — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html>

use api_ecs::op::TagResource;
use api_ecs::{TagResourceRequest, TagResourceResponse, errors};
use roadstead_core::tags::MAX_TAGS;
use roadstead_kernel::prelude::*;

use crate::Ecs;
use crate::records::{checked_tags, tags_from_api};
use crate::run::tagged;

impl Handle<TagResource> for Ecs {
    async fn needs(&self, cx: &Cx, input: &TagResourceRequest) -> Result<Needs> {
        let needs = self.on_tagged(cx, &input.resource_arn).await?;
        Ok(needs.request_tags(&tags_from_api(Some(&input.tags))))
    }

    async fn handle(&self, cx: &Cx, input: TagResourceRequest) -> Reply<TagResource> {
        let added = checked_tags(Some(&input.tags))?;
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
    if tags.counted() > MAX_TAGS {
        // AWS: the code is documented, not the text.
        return Err(errors::LIMIT_EXCEEDED_EXCEPTION
            .with(format!("The number of tags exceeds the limit of {MAX_TAGS}."))
            .into());
    }
    Ok(())
}
