//! ssm:ListTagsForResource — <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListTagsForResource.html>

use api_ssm::op::ListTagsForResource;
use api_ssm::{ListTagsForResourceRequest, ListTagsForResourceResult};
use roadstead_kernel::prelude::*;

use crate::{Ssm, tagging};

impl Handle<ListTagsForResource> for Ssm {
    async fn needs(&self, cx: &Cx, input: &ListTagsForResourceRequest) -> Result<Needs> {
        self.needs_for_tags(cx, &input.resource_type, &input.resource_id).await
    }

    async fn handle(&self, cx: &Cx, input: ListTagsForResourceRequest) -> Reply<ListTagsForResource> {
        let named = tagging::resource(&input.resource_type, &input.resource_id)?;
        let parameter = self.parameter(cx, &named).await.map_err(tagging::no_resource)?;
        Ok(ListTagsForResourceResult {
            tag_list: Some(tagging::to_api(&parameter.tags)),
        })
    }
}
