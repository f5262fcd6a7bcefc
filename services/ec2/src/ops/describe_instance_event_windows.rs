//! ec2:DescribeInstanceEventWindows —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceEventWindows.html>
//!
//! Nothing here schedules maintenance of instances, so there are none.

use api_ec2::op::DescribeInstanceEventWindows;
use api_ec2::{DescribeInstanceEventWindowsRequest, DescribeInstanceEventWindowsResult};

use crate::prelude::*;

impl Handle<DescribeInstanceEventWindows> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeInstanceEventWindowsRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, _: &Cx, input: DescribeInstanceEventWindowsRequest) -> Reply<DescribeInstanceEventWindows> {
        dry_run(input.dry_run)?;
        if let Some(id) = input.instance_event_window_ids.iter().flatten().next() {
            let message = format!("The instance event window ID '{id}' does not exist");
            return Err(error::client("InvalidInstanceEventWindowID.NotFound", message).into());
        }
        Ok(DescribeInstanceEventWindowsResult {
            instance_event_windows: Some(Vec::new()),
            next_token: None,
        })
    }
}
