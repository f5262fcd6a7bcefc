//! logs:ListTagsForResource — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsForResource.html>

use api_logs::op::ListTagsForResource;
use api_logs::{ListTagsForResourceRequest, ListTagsForResourceResponse};
use roadstead_kernel::prelude::*;

use crate::Logs;
use crate::arn::group_name_of;
use crate::tagging::to_api;

impl Handle<ListTagsForResource> for Logs {
    async fn needs(&self, cx: &Cx, input: &ListTagsForResourceRequest) -> Result<Needs> {
        self.needs_for_tags(cx, &group_name_of(cx.place(), &input.resource_arn)?)
            .await
    }

    async fn handle(&self, cx: &Cx, input: ListTagsForResourceRequest) -> Reply<ListTagsForResource> {
        let group = self
            .group(cx.place(), &group_name_of(cx.place(), &input.resource_arn)?)
            .await?;
        Ok(ListTagsForResourceResponse {
            tags: Some(to_api(&group.record.tags)),
        })
    }
}
