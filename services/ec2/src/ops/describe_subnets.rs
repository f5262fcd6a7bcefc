//! ec2:DescribeSubnets — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html>

use api_ec2::op::DescribeSubnets;
use api_ec2::{DescribeSubnetsRequest, DescribeSubnetsResult};

use crate::prelude::*;
use crate::records::Subnet;

impl Handle<DescribeSubnets> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeSubnetsRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeSubnetsRequest) -> Reply<DescribeSubnets> {
        let listing = Listing::parse::<Subnet>("DescribeSubnets", input.filters, input.max_results, input.next_token)?;
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let mut found = records.gather::<Subnet>(input.subnet_ids.as_deref()).await?;
        for subnet in &mut found {
            subnet.free = self.taken.free(&records, subnet).await?;
        }
        let (subnets, next_token) = listing.cut(cx.place(), found, Subnet::id);
        let subnets = subnets.iter().map(|subnet| subnet.to_api(cx.place())).collect();
        Ok(DescribeSubnetsResult {
            next_token,
            subnets: Some(subnets),
        })
    }
}
