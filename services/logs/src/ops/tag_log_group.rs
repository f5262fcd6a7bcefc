//! logs:TagLogGroup — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagLogGroup.html>

use api_logs::TagLogGroupRequest;
use api_logs::op::TagLogGroup;
use roadstead_kernel::prelude::*;
use roadstead_wire::Empty;

use crate::Logs;
use crate::tagging::from_api;

impl Handle<TagLogGroup> for Logs {
    async fn needs(&self, cx: &Cx, input: &TagLogGroupRequest) -> Result<Needs> {
        let needs = self.needs_for_tags(cx, &input.log_group_name).await?;
        Ok(needs.request_tags(&from_api(Some(&input.tags))))
    }

    async fn handle(&self, cx: &Cx, input: TagLogGroupRequest) -> Reply<TagLogGroup> {
        self.tag(cx, &input.log_group_name, &from_api(Some(&input.tags)))
            .await?;
        Ok(Empty {})
    }
}
