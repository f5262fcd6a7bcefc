//! logs:UntagResource — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UntagResource.html>

use api_logs::UntagResourceRequest;
use api_logs::op::UntagResource;
use roadstead_kernel::prelude::*;
use roadstead_wire::Empty;

use crate::Logs;
use crate::arn::group_name_of;

impl Handle<UntagResource> for Logs {
    async fn needs(&self, cx: &Cx, input: &UntagResourceRequest) -> Result<Needs> {
        let needs = self
            .needs_for_tags(cx, &group_name_of(cx.place(), &input.resource_arn)?)
            .await?;
        Ok(needs.tag_keys(input.tag_keys.iter().cloned()))
    }

    async fn handle(&self, cx: &Cx, input: UntagResourceRequest) -> Reply<UntagResource> {
        self.untag(cx, &group_name_of(cx.place(), &input.resource_arn)?, &input.tag_keys)
            .await?;
        Ok(Empty {})
    }
}
