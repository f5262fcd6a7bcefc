//! ec2:DescribeInstanceAttribute —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceAttribute.html>

use api_ec2::op::DescribeInstanceAttribute;
use api_ec2::{DescribeInstanceAttributeRequest, InstanceAttribute};

use super::describe_instances::none_of;
use crate::prelude::*;

impl Handle<DescribeInstanceAttribute> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DescribeInstanceAttributeRequest) -> Result<Needs> {
        let instance = cx.place().arn("ec2", format_args!("instance/{}", input.instance_id));
        Ok(Needs::on(instance)
            .key("ec2:Region", cx.region().as_str())
            .key("ec2:InstanceID", input.instance_id.clone()))
    }

    async fn handle(&self, _: &Cx, input: DescribeInstanceAttributeRequest) -> Reply<DescribeInstanceAttribute> {
        dry_run(input.dry_run)?;
        none_of(Some(std::slice::from_ref(&input.instance_id)))?;
        Ok(InstanceAttribute::default())
    }
}
