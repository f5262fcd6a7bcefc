//! cloudtrail:StopLogging — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html>

use api_cloudtrail::op::StopLogging;
use api_cloudtrail::{StopLoggingRequest, StopLoggingResponse};

use crate::prelude::*;

impl Handle<StopLogging> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &StopLoggingRequest) -> Result<Needs> {
        self.needs_on(cx, &input.name).await
    }

    async fn handle(&self, cx: &Cx, input: StopLoggingRequest) -> Reply<StopLogging> {
        let now = cx.now().cut_to_secs();
        self.change(cx, &input.name, |trail| {
            trail.logging = false;
            trail.stopped = Some(now);
            Ok(())
        })
        .await?;
        Ok(StopLoggingResponse {})
    }
}
