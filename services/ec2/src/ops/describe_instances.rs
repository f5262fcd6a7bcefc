//! ec2:DescribeInstances — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html>
//!
//! Nothing here launches instances, so there are none.

use api_ec2::op::DescribeInstances;
use api_ec2::{DescribeInstancesRequest, DescribeInstancesResult};

use crate::prelude::*;
use crate::records::well_formed;

impl Handle<DescribeInstances> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeInstancesRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, _: &Cx, input: DescribeInstancesRequest) -> Reply<DescribeInstances> {
        dry_run(input.dry_run)?;
        none_of(input.instance_ids.as_deref())?;
        Ok(DescribeInstancesResult {
            next_token: None,
            reservations: Some(Vec::new()),
        })
    }
}

/// Fails for the first instance that is asked for: it does not exist.
pub(super) fn none_of(ids: Option<&[String]>) -> Result<()> {
    match ids.and_then(<[String]>::first) {
        Some(id) if well_formed("i", id) => Err(error::no_instance(id).into()),
        Some(id) => Err(error::malformed("InvalidInstanceID.Malformed", id).into()),
        None => Ok(()),
    }
}
