//! cloudtrail:DescribeTrails — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html>

use api_cloudtrail::op::DescribeTrails;
use api_cloudtrail::{DescribeTrailsRequest, DescribeTrailsResponse};
use roadstead_core::Region;

use crate::prelude::*;
use crate::records::Trail;
use crate::trails::scope;

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
            None => {
                // A trail over all regions shows itself in each of them.
                let shadows = input.include_shadow_trails.unwrap_or(true);
                let account = cx.account();
                for region in Region::all().filter(|region| shadows || *region == cx.region()) {
                    let all = self.trails.list(scope(&account, region), &[], None, usize::MAX).await?.records;
                    let shown = all.into_iter().map(|found| found.record);
                    trails.extend(shown.filter(|trail| trail.home == cx.region() || trail.multi_region));
                }
            }
        }
        Ok(DescribeTrailsResponse { trail_list: Some(trails.iter().map(Trail::to_api).collect()) })
    }
}
