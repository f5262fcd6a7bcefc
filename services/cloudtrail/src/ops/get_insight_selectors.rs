//! cloudtrail:GetInsightSelectors — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetInsightSelectors.html>

use api_cloudtrail::op::GetInsightSelectors;
use api_cloudtrail::{GetInsightSelectorsRequest, errors};

use crate::prelude::*;

impl Handle<GetInsightSelectors> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &GetInsightSelectorsRequest) -> Result<Needs> {
        match (&input.trail_name, &input.event_data_store) {
            (Some(name), _) => self.needs_on(cx, name).await,
            (None, Some(store)) => Ok(Needs::on(store)),
            (None, None) => Ok(Needs::any()),
        }
    }

    async fn handle(&self, cx: &Cx, input: GetInsightSelectorsRequest) -> Reply<GetInsightSelectors> {
        let name = match (input.trail_name, input.event_data_store) {
            (Some(name), None) => name,
            (Some(_), Some(_)) => {
                return Err(errors::INVALID_PARAMETER_COMBINATION_EXCEPTION
                    .with("Specify a trail or an event data store, not both.")
                    .into());
            }
            (None, store) => {
                let message = store.map_or_else(
                    || "Specify a trail or an event data store.".to_owned(),
                    |store| format!("There is no event data store {store}."),
                );
                return Err(errors::INVALID_PARAMETER_EXCEPTION.with(message).into());
            }
        };
        let trail = self.existing(cx, &name).await?.record;
        // No trail has any: nothing here finds anything unusual.
        Err(errors::INSIGHT_NOT_ENABLED_EXCEPTION
            .with(format!("The trail {} does not have Insights enabled.", trail.arn))
            .into())
    }
}
