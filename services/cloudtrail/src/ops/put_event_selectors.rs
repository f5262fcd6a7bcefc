//! cloudtrail:PutEventSelectors — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html>

use api_cloudtrail::op::PutEventSelectors;
use api_cloudtrail::{PutEventSelectorsRequest, PutEventSelectorsResponse};

use crate::prelude::*;
use crate::selectors::Selectors;

impl Handle<PutEventSelectors> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &PutEventSelectorsRequest) -> Result<Needs> {
        self.needs_on(cx, &input.trail_name).await
    }

    async fn handle(&self, cx: &Cx, input: PutEventSelectorsRequest) -> Reply<PutEventSelectors> {
        let selectors = Selectors::new(input.event_selectors, input.advanced_event_selectors)?;
        let trail = self
            .change(cx, &input.trail_name, |trail| {
                trail.selectors = selectors.clone();
                Ok(())
            })
            .await?;
        let (event_selectors, advanced_event_selectors) = trail.selectors.to_api();
        Ok(PutEventSelectorsResponse {
            trail_arn: Some(trail.arn),
            event_selectors,
            advanced_event_selectors,
        })
    }
}
