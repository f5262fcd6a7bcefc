//! ec2:DescribeNatGateways — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNatGateways.html>

use api_ec2::op::DescribeNatGateways;
use api_ec2::{DescribeNatGatewaysRequest, DescribeNatGatewaysResult};

use crate::prelude::*;
use crate::records::NatGateway;

impl Handle<DescribeNatGateways> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeNatGatewaysRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeNatGatewaysRequest) -> Reply<DescribeNatGateways> {
        let listing =
            Listing::parse::<NatGateway>("DescribeNatGateways", input.filter, input.max_results, input.next_token)?;
        dry_run(input.dry_run)?;
        let mut found = self
            .records(cx)
            .await?
            .gather::<NatGateway>(input.nat_gateway_ids.as_deref())
            .await?;
        if let (Some(ids), Some(over)) = (
            &input.nat_gateway_ids,
            found.iter().find(|found| found.is_over(cx.now())),
        ) && !ids.is_empty()
        {
            return Err(NatGateway::missing(&over.id).into());
        }
        found.retain(|gateway| !gateway.is_over(cx.now()));
        let (gateways, next_token) = listing.cut(cx.place(), found, NatGateway::id);
        let gateways = gateways.iter().map(NatGateway::to_api).collect();
        Ok(DescribeNatGatewaysResult {
            nat_gateways: Some(gateways),
            next_token,
        })
    }
}
