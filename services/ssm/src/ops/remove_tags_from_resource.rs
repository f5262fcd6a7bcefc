//! ssm:RemoveTagsFromResource — <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_RemoveTagsFromResource.html>

use api_ssm::op::RemoveTagsFromResource;
use api_ssm::{RemoveTagsFromResourceRequest, RemoveTagsFromResourceResult};
use roadstead_kernel::prelude::*;

use crate::{Ssm, tagging};

impl Handle<RemoveTagsFromResource> for Ssm {
    async fn needs(&self, cx: &Cx, input: &RemoveTagsFromResourceRequest) -> Result<Needs> {
        let needs = self
            .needs_for_tags(cx, &input.resource_type, &input.resource_id)
            .await?;
        Ok(needs.tag_keys(input.tag_keys.iter().cloned()))
    }

    async fn handle(&self, cx: &Cx, input: RemoveTagsFromResourceRequest) -> Reply<RemoveTagsFromResource> {
        let named = tagging::resource(&input.resource_type, &input.resource_id)?;
        tagging::check(input.tag_keys.iter().map(String::as_str))?;
        let remove = |parameter: &mut crate::records::Parameter| {
            for key in &input.tag_keys {
                parameter.tags.remove(key);
            }
            Ok(())
        };
        self.change(cx, &named, remove).await.map_err(tagging::no_resource)?;
        Ok(RemoveTagsFromResourceResult {})
    }
}
