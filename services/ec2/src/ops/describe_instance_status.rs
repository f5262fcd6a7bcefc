//! ec2:DescribeInstanceStatus — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html>

use api_ec2::op::DescribeInstanceStatus;
use api_ec2::{DescribeInstanceStatusRequest, DescribeInstanceStatusResult};

use super::describe_instances::none_of;
use crate::prelude::*;

impl Handle<DescribeInstanceStatus> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeInstanceStatusRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, _: &Cx, input: DescribeInstanceStatusRequest) -> Reply<DescribeInstanceStatus> {
        dry_run(input.dry_run)?;
        none_of(input.instance_ids.as_deref())?;
        Ok(DescribeInstanceStatusResult {
            instance_statuses: Some(Vec::new()),
            next_token: None,
        })
    }
}
