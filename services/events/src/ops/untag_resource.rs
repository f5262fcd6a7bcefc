//! events:UntagResource — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UntagResource.html>

use api_events::op::UntagResource;
use api_events::{UntagResourceRequest, UntagResourceResponse};

use crate::prelude::*;

impl Handle<UntagResource> for Events {
    async fn needs(&self, cx: &Cx, input: &UntagResourceRequest) -> Result<Needs> {
        let needs = self.needs_for_tags(cx, &input.resource_arn).await?;
        Ok(needs.tag_keys(input.tag_keys.iter().cloned()))
    }

    async fn handle(&self, cx: &Cx, input: UntagResourceRequest) -> Reply<UntagResource> {
        let change = |tags: &mut Tags| {
            for key in &input.tag_keys {
                tags.remove(key);
            }
            Ok(())
        };
        self.change_tags(cx, &input.resource_arn, change).await?;
        Ok(UntagResourceResponse {})
    }
}
