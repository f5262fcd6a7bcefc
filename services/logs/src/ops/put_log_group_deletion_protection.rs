//! logs:PutLogGroupDeletionProtection — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogGroupDeletionProtection.html>

use api_logs::PutLogGroupDeletionProtectionRequest;
use api_logs::op::PutLogGroupDeletionProtection;
use roadstead_kernel::prelude::*;
use roadstead_wire::Empty;

use crate::Logs;
use crate::arn::named_group;

impl Handle<PutLogGroupDeletionProtection> for Logs {
    async fn needs(&self, cx: &Cx, input: &PutLogGroupDeletionProtectionRequest) -> Result<Needs> {
        self.needs_on_group(cx, &named_group(cx.place(), None, Some(&input.log_group_identifier))?)
            .await
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: PutLogGroupDeletionProtectionRequest,
    ) -> Reply<PutLogGroupDeletionProtection> {
        let name = named_group(cx.place(), None, Some(&input.log_group_identifier))?;
        let protect = |group: &mut crate::records::Group| {
            group.deletion_protection = input.deletion_protection_enabled;
            Ok(())
        };
        self.change_group(cx, &name, protect).await?;
        Ok(Empty {})
    }
}
