//! cloudtrail:ListTrails — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTrails.html>

use api_cloudtrail::op::ListTrails;
use api_cloudtrail::{ListTrailsRequest, ListTrailsResponse, TrailInfo, errors};
use roadstead_core::Region;

use crate::prelude::*;
use crate::trails::scope;

impl Handle<ListTrails> for CloudTrail {
    async fn needs(&self, _cx: &Cx, _input: &ListTrailsRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: ListTrailsRequest) -> Reply<ListTrails> {
        // All fit on one page, so that no token was ever given out.
        if input.next_token.is_some() {
            return Err(errors::INVALID_NEXT_TOKEN_EXCEPTION
                .with("The token is not valid.")
                .into());
        }
        let (account, mut trails) = (cx.account(), Vec::new());
        // AWS: those of every region, wherever the call goes.
        for region in Region::all() {
            let found = self.trails.list_all(scope(&account, region)).await?;
            trails.extend(found.into_iter().map(|found| TrailInfo {
                trail_arn: Some(found.record.arn),
                name: Some(found.record.name),
                home_region: Some(found.record.home.to_string()),
            }));
        }
        Ok(ListTrailsResponse {
            trails: Some(trails),
            next_token: None,
        })
    }
}
