//! cloudtrail:StartLogging — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html>

use api_cloudtrail::op::StartLogging;
use api_cloudtrail::{StartLoggingRequest, StartLoggingResponse};

use crate::prelude::*;

impl Handle<StartLogging> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &StartLoggingRequest) -> Result<Needs> {
        self.needs_on(cx, &input.name).await
    }

    async fn handle(&self, cx: &Cx, input: StartLoggingRequest) -> Reply<StartLogging> {
        let now = cx.now().cut_to_secs();
        self.change(cx, &input.name, |trail| {
            trail.logging = true;
            trail.started = Some(now);
            Ok(())
        })
        .await?;
        Ok(StartLoggingResponse {})
    }
}
