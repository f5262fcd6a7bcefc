//! cloudtrail:GetTrailStatus — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html>

use api_cloudtrail::op::GetTrailStatus;
use api_cloudtrail::{GetTrailStatusRequest, GetTrailStatusResponse};

use crate::prelude::*;

impl Handle<GetTrailStatus> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &GetTrailStatusRequest) -> Result<Needs> {
        self.needs_on(cx, &input.name).await
    }

    async fn handle(&self, cx: &Cx, input: GetTrailStatusRequest) -> Reply<GetTrailStatus> {
        let trail = self.existing(cx, &input.name).await?.record;
        let text = |at: Option<Timestamp>| Some(at.map(Timestamp::iso8601).unwrap_or_default());
        // Nothing is ever delivered: AWS's form of that is empty texts.
        Ok(GetTrailStatusResponse {
            is_logging: Some(trail.logging),
            start_logging_time: trail.started,
            stop_logging_time: trail.stopped,
            time_logging_started: text(trail.started),
            time_logging_stopped: text(trail.stopped),
            latest_delivery_attempt_time: text(None),
            latest_delivery_attempt_succeeded: text(None),
            latest_notification_attempt_time: text(None),
            latest_notification_attempt_succeeded: text(None),
            ..GetTrailStatusResponse::default()
        })
    }
}
