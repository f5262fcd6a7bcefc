//! logs:UntagLogGroup — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UntagLogGroup.html>

use api_logs::UntagLogGroupRequest;
use api_logs::op::UntagLogGroup;
use roadstead_kernel::prelude::*;
use roadstead_wire::Empty;

use crate::Logs;

impl Handle<UntagLogGroup> for Logs {
    async fn needs(&self, cx: &Cx, input: &UntagLogGroupRequest) -> Result<Needs> {
        let needs = self.needs_for_tags(cx, &input.log_group_name).await?;
        Ok(needs.tag_keys(input.tags.iter().cloned()))
    }

    async fn handle(&self, cx: &Cx, input: UntagLogGroupRequest) -> Reply<UntagLogGroup> {
        self.untag(cx, &input.log_group_name, &input.tags).await?;
        Ok(Empty {})
    }
}
