//! ec2:DescribeVpcAttribute — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcAttribute.html>

use api_ec2::op::DescribeVpcAttribute;
use api_ec2::{AttributeBooleanValue, DescribeVpcAttributeRequest, DescribeVpcAttributeResult, VpcAttributeName};

use crate::prelude::*;
use crate::records::Vpc;

impl Handle<DescribeVpcAttribute> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DescribeVpcAttributeRequest) -> Result<Needs> {
        self.peek(cx).needs_on::<Vpc>(&input.vpc_id).await
    }

    async fn handle(&self, cx: &Cx, input: DescribeVpcAttributeRequest) -> Reply<DescribeVpcAttribute> {
        dry_run(input.dry_run)?;
        let vpc = self.records(cx).await?.get::<Vpc>(&input.vpc_id).await?.record;
        let mut shown = DescribeVpcAttributeResult {
            vpc_id: Some(vpc.id),
            ..DescribeVpcAttributeResult::default()
        };
        let value = |value| Some(AttributeBooleanValue { value: Some(value) });
        match input.attribute {
            VpcAttributeName::EnableDnsSupport => shown.enable_dns_support = value(vpc.dns_support),
            VpcAttributeName::EnableDnsHostnames => shown.enable_dns_hostnames = value(vpc.dns_hostnames),
            VpcAttributeName::EnableNetworkAddressUsageMetrics => {
                shown.enable_network_address_usage_metrics = value(vpc.usage_metrics);
            }
            VpcAttributeName::Other(other) => {
                return Err(error::invalid(format!("Value ({other}) for parameter attribute is invalid.")).into());
            }
        }
        Ok(shown)
    }
}
