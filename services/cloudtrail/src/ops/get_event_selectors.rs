//! cloudtrail:GetEventSelectors — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html>

use api_cloudtrail::op::GetEventSelectors;
use api_cloudtrail::{GetEventSelectorsRequest, GetEventSelectorsResponse};

use crate::prelude::*;

impl Handle<GetEventSelectors> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &GetEventSelectorsRequest) -> Result<Needs> {
        self.needs_on(cx, &input.trail_name).await
    }

    async fn handle(&self, cx: &Cx, input: GetEventSelectorsRequest) -> Reply<GetEventSelectors> {
        let trail = self.existing(cx, &input.trail_name).await?.record;
        let (event_selectors, advanced_event_selectors) = trail.selectors.to_api();
        Ok(GetEventSelectorsResponse {
            trail_arn: Some(trail.arn),
            event_selectors,
            advanced_event_selectors,
        })
    }
}
