//! ec2:DescribeVolumes — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html>
//!
//! Nothing here makes volumes, so there are none.

use api_ec2::op::DescribeVolumes;
use api_ec2::{DescribeVolumesRequest, DescribeVolumesResult};

use crate::prelude::*;

impl Handle<DescribeVolumes> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeVolumesRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, _: &Cx, input: DescribeVolumesRequest) -> Reply<DescribeVolumes> {
        dry_run(input.dry_run)?;
        if let Some(id) = input.volume_ids.iter().flatten().next() {
            let message = format!("The volume '{id}' does not exist.");
            return Err(error::client("InvalidVolume.NotFound", message).into());
        }
        Ok(DescribeVolumesResult {
            next_token: None,
            volumes: Some(Vec::new()),
        })
    }
}
