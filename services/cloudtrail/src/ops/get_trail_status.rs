//! cloudtrail:GetTrailStatus — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html>

use api_cloudtrail::op::GetTrailStatus;
use api_cloudtrail::{GetTrailStatusRequest, GetTrailStatusResponse};

use crate::prelude::*;
use crate::trails;

impl Handle<GetTrailStatus> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &GetTrailStatusRequest) -> Result<Needs> {
        self.needs_on(cx, &input.name).await
    }

    async fn handle(&self, cx: &Cx, input: GetTrailStatusRequest) -> Reply<GetTrailStatus> {
        let trail = self.find(cx, &input.name).await?.ok_or_else(|| trails::unknown(cx, &input.name))?.record;
        let text = |at: Option<Timestamp>| Some(at.map(Timestamp::iso8601).unwrap_or_default());
        // Nothing is ever delivered, so nothing is said of deliveries.
        Ok(GetTrailStatusResponse {
            is_logging: Some(trail.logging),
            start_logging_time: trail.started,
            stop_logging_time: trail.stopped,
            time_logging_started: text(trail.started),
            time_logging_stopped: text(trail.stopped),
            ..GetTrailStatusResponse::default()
        })
    }
}
