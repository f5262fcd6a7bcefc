//! ec2:DescribeInternetGateways — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInternetGateways.html>

use api_ec2::op::DescribeInternetGateways;
use api_ec2::{DescribeInternetGatewaysRequest, DescribeInternetGatewaysResult};

use crate::prelude::*;
use crate::records::InternetGateway;

impl Handle<DescribeInternetGateways> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeInternetGatewaysRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeInternetGatewaysRequest) -> Reply<DescribeInternetGateways> {
        let listing = Listing::parse::<InternetGateway>(
            "DescribeInternetGateways",
            input.filters,
            input.max_results,
            input.next_token,
        )?;
        dry_run(input.dry_run)?;
        let found = self
            .records(cx)
            .await?
            .gather::<InternetGateway>(input.internet_gateway_ids.as_deref())
            .await?;
        let (internet_gateways, next_token) = listing.cut(cx.place(), found, InternetGateway::id);
        let internet_gateways = internet_gateways.iter().map(|found| found.to_api(cx.place())).collect();
        Ok(DescribeInternetGatewaysResult {
            next_token,
            internet_gateways: Some(internet_gateways),
        })
    }
}
