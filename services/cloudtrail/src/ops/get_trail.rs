//! cloudtrail:GetTrail — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrail.html>

use api_cloudtrail::op::GetTrail;
use api_cloudtrail::{GetTrailRequest, GetTrailResponse};

use crate::prelude::*;

impl Handle<GetTrail> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &GetTrailRequest) -> Result<Needs> {
        self.needs_on(cx, &input.name).await
    }

    async fn handle(&self, cx: &Cx, input: GetTrailRequest) -> Reply<GetTrail> {
        let trail = self.existing(cx, &input.name).await?.record;
        Ok(GetTrailResponse {
            trail: Some(trail.to_api()),
        })
    }
}
