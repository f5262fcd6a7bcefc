//! logs:TagResource — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html>

use api_logs::TagResourceRequest;
use api_logs::op::TagResource;
use roadstead_kernel::prelude::*;
use roadstead_wire::Empty;

use crate::Logs;
use crate::arn::group_name_of;
use crate::tagging::from_api;

impl Handle<TagResource> for Logs {
    async fn needs(&self, cx: &Cx, input: &TagResourceRequest) -> Result<Needs> {
        let needs = self
            .needs_for_tags(cx, &group_name_of(cx.place(), &input.resource_arn)?)
            .await?;
        Ok(needs.request_tags(&from_api(Some(&input.tags))))
    }

    async fn handle(&self, cx: &Cx, input: TagResourceRequest) -> Reply<TagResource> {
        self.tag(
            cx,
            &group_name_of(cx.place(), &input.resource_arn)?,
            &from_api(Some(&input.tags)),
        )
        .await?;
        Ok(Empty {})
    }
}
