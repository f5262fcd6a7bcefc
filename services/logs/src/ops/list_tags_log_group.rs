//! logs:ListTagsLogGroup — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsLogGroup.html>

use api_logs::op::ListTagsLogGroup;
use api_logs::{ListTagsLogGroupRequest, ListTagsLogGroupResponse};
use roadstead_kernel::prelude::*;

use crate::Logs;
use crate::tagging::to_api;

impl Handle<ListTagsLogGroup> for Logs {
    async fn needs(&self, cx: &Cx, input: &ListTagsLogGroupRequest) -> Result<Needs> {
        self.needs_for_tags(cx, &input.log_group_name).await
    }

    async fn handle(&self, cx: &Cx, input: ListTagsLogGroupRequest) -> Reply<ListTagsLogGroup> {
        let group = self.group(cx.place(), &input.log_group_name).await?;
        Ok(ListTagsLogGroupResponse {
            tags: Some(to_api(&group.record.tags)),
        })
    }
}
