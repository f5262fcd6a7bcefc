//! logs:PutLogEvents — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>

use api_logs::op::PutLogEvents;
use api_logs::{EntityRejectionErrorType, PutLogEventsRequest, PutLogEventsResponse, RejectedEntityInfo};
use roadstead_kernel::prelude::*;

use crate::{Logs, intake};

impl Handle<PutLogEvents> for Logs {
    async fn needs(&self, cx: &Cx, input: &PutLogEventsRequest) -> Result<Needs> {
        self.needs_on_stream(cx, &input.log_group_name, &input.log_stream_name)
            .await
    }

    /// Without the events: they would be kept twice, and read by whoever may read the trail.
    fn recorded(input: &PutLogEventsRequest) -> serde_json::Value {
        serde_json::json!({ "logGroupName": input.log_group_name, "logStreamName": input.log_stream_name })
    }

    async fn handle(&self, cx: &Cx, input: PutLogEventsRequest) -> Reply<PutLogEvents> {
        intake::check(&input.log_events)?;
        // AWS: the sequence token is taken whatever it says, since January 2023.
        let stream = (input.log_group_name.as_str(), input.log_stream_name.as_str());
        let appended = self.append(cx.place(), stream, &input.log_events, cx.now()).await?;
        // Entities are not kept here; events are taken without them, and the caller is told.
        let error_type = EntityRejectionErrorType::UnsupportedLogGroupType;
        Ok(PutLogEventsResponse {
            next_sequence_token: Some(appended.token),
            rejected_log_events_info: appended.rejected,
            rejected_entity_info: input.entity.map(|_| RejectedEntityInfo { error_type }),
        })
    }
}
