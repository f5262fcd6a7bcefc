//! ssm:AddTagsToResource — <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_AddTagsToResource.html>

use api_ssm::op::AddTagsToResource;
use api_ssm::{AddTagsToResourceRequest, AddTagsToResourceResult};
use roadstead_kernel::prelude::*;

use crate::{Ssm, tagging};

impl Handle<AddTagsToResource> for Ssm {
    async fn needs(&self, cx: &Cx, input: &AddTagsToResourceRequest) -> Result<Needs> {
        let needs = self
            .needs_for_tags(cx, &input.resource_type, &input.resource_id)
            .await?;
        Ok(needs.request_tags(&tagging::from_api(&input.tags)))
    }

    async fn handle(&self, cx: &Cx, input: AddTagsToResourceRequest) -> Reply<AddTagsToResource> {
        let named = tagging::resource(&input.resource_type, &input.resource_id)?;
        let added = tagging::from_api(&input.tags);
        tagging::check(added.iter().map(|(key, _)| key))?;
        self.change(cx, &named, |parameter| tagging::add(parameter, &added))
            .await
            .map_err(tagging::no_resource)?;
        Ok(AddTagsToResourceResult {})
    }
}
