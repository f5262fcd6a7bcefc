//! ec2:DescribeVpcs — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcs.html>

use api_ec2::op::DescribeVpcs;
use api_ec2::{DescribeVpcsRequest, DescribeVpcsResult};

use crate::prelude::*;
use crate::records::Vpc;

impl Handle<DescribeVpcs> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeVpcsRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeVpcsRequest) -> Reply<DescribeVpcs> {
        let listing = Listing::parse::<Vpc>("DescribeVpcs", input.filters, input.max_results, input.next_token)?;
        dry_run(input.dry_run)?;
        let found = self.records(cx).await?.gather::<Vpc>(input.vpc_ids.as_deref()).await?;
        let (vpcs, next_token) = listing.cut(cx.place(), found, Vpc::id);
        Ok(DescribeVpcsResult {
            next_token,
            vpcs: Some(vpcs.iter().map(|vpc| vpc.to_api(cx.place())).collect()),
        })
    }
}
