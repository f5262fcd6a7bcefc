//! ec2:DescribeAddresses — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAddresses.html>

use api_ec2::op::DescribeAddresses;
use api_ec2::{DescribeAddressesRequest, DescribeAddressesResult};

use crate::elastic::no_address;
use crate::prelude::*;
use crate::records::ElasticIp;

impl Handle<DescribeAddresses> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeAddressesRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeAddressesRequest) -> Reply<DescribeAddresses> {
        let listing = Listing::whole::<ElasticIp>("DescribeAddresses", input.filters)?;
        dry_run(input.dry_run)?;
        let mut found = self
            .records(cx)
            .await?
            .gather::<ElasticIp>(input.allocation_ids.as_deref())
            .await?;
        if let Some(ips) = input.public_ips.filter(|ips| !ips.is_empty()) {
            let missing = ips
                .iter()
                .find(|ip| !found.iter().any(|known| known.public_ip.to_string() == **ip));
            if let Some(missing) = missing {
                return Err(no_address(missing).into());
            }
            found.retain(|known| ips.contains(&known.public_ip.to_string()));
        }
        let (addresses, _) = listing.cut(cx.place(), found, ElasticIp::id);
        let addresses = addresses.iter().map(|address| address.to_api(cx.place())).collect();
        Ok(DescribeAddressesResult {
            addresses: Some(addresses),
        })
    }
}
