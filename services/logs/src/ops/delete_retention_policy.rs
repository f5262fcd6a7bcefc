//! logs:DeleteRetentionPolicy — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteRetentionPolicy.html>

use api_logs::DeleteRetentionPolicyRequest;
use api_logs::op::DeleteRetentionPolicy;
use roadstead_kernel::prelude::*;
use roadstead_wire::Empty;

use crate::Logs;
use crate::error::invalid;
use crate::records::Class;

impl Handle<DeleteRetentionPolicy> for Logs {
    async fn needs(&self, cx: &Cx, input: &DeleteRetentionPolicyRequest) -> Result<Needs> {
        self.needs_on_group(cx, &input.log_group_name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteRetentionPolicyRequest) -> Reply<DeleteRetentionPolicy> {
        self.change_group(cx, &input.log_group_name, |group| {
            if group.class == Class::Delivery {
                return Err(invalid(
                    "The retention of log groups of the class DELIVERY cannot be changed.",
                ));
            }
            group.retention_days = None;
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
