//! cloudtrail:DescribeTrails — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html>

use api_cloudtrail::op::DescribeTrails;
use api_cloudtrail::{DescribeTrailsRequest, DescribeTrailsResponse};

use crate::prelude::*;
use crate::records::Trail;

impl Handle<DescribeTrails> for CloudTrail {
    async fn needs(&self, _cx: &Cx, _input: &DescribeTrailsRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: DescribeTrailsRequest) -> Reply<DescribeTrails> {
        let mut trails = Vec::new();
        match input.trail_name_list.filter(|names| !names.is_empty()) {
            Some(names) => {
                // AWS: names that nothing has are left out.
                for name in names {
                    trails.extend(self.find(cx, &name).await?.map(|found| found.record));
                }
            }
            // A trail over all regions shows itself in each of them.
            None => trails = self.within(cx, input.include_shadow_trails.unwrap_or(true)).await?,
        }
        Ok(DescribeTrailsResponse {
            trail_list: Some(trails.iter().map(Trail::to_api).collect()),
        })
    }
}
