//! logs:PutRetentionPolicy — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>

use api_logs::PutRetentionPolicyRequest;
use api_logs::op::PutRetentionPolicy;
use roadstead_kernel::prelude::*;
use roadstead_wire::Empty;

use crate::Logs;
use crate::error::invalid;
use crate::records::Class;

/// The days for which events can be kept.
const DAYS: [i32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

impl Handle<PutRetentionPolicy> for Logs {
    async fn needs(&self, cx: &Cx, input: &PutRetentionPolicyRequest) -> Result<Needs> {
        self.needs_on_group(cx, &input.log_group_name).await
    }

    async fn handle(&self, cx: &Cx, input: PutRetentionPolicyRequest) -> Reply<PutRetentionPolicy> {
        let days = input.retention_in_days;
        if !DAYS.contains(&days) {
            return Err(invalid(refusal(days)));
        }
        self.change_group(cx, &input.log_group_name, |group| {
            if group.class == Class::Delivery {
                return Err(invalid(
                    "The retention of log groups of the class DELIVERY cannot be changed.",
                ));
            }
            group.retention_days = Some(days);
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}

// AWS: the model has no values for it, the service answers as if it had.
fn refusal(days: i32) -> String {
    let values: Vec<String> = DAYS.iter().map(ToString::to_string).collect();
    format!(
        "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: \
         Member must satisfy enum value set: [{}]",
        values.join(", ")
    )
}
