//! ecs:UntagResource — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UntagResource.html>

use api_ecs::op::UntagResource;
use api_ecs::{UntagResourceRequest, UntagResourceResponse};
use roadstead_core::tags::is_reserved;
use roadstead_kernel::prelude::*;

use crate::Ecs;
use crate::error::invalid;
use crate::run::tagged;

impl Handle<UntagResource> for Ecs {
    async fn needs(&self, cx: &Cx, input: &UntagResourceRequest) -> Result<Needs> {
        let needs = self.on_tagged(cx, &input.resource_arn).await?;
        Ok(needs.tag_keys(input.tag_keys.iter().cloned()))
    }

    async fn handle(&self, cx: &Cx, input: UntagResourceRequest) -> Reply<UntagResource> {
        if input.tag_keys.iter().any(|key| is_reserved(key)) {
            return Err(invalid("Tag keys beginning with aws: are reserved for system use."));
        }
        let target = tagged(self, cx, &input.resource_arn).await?;
        target
            .change(self, cx, |tags| {
                input.tag_keys.iter().for_each(|key| tags.remove(key));
                Ok(())
            })
            .await?;
        Ok(UntagResourceResponse {})
    }
}
