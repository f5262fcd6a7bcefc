//! ec2:DescribeAddressesAttribute —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAddressesAttribute.html>

use api_ec2::op::DescribeAddressesAttribute;
use api_ec2::{AddressAttribute, DescribeAddressesAttributeRequest, DescribeAddressesAttributeResult};

use crate::prelude::*;
use crate::records::ElasticIp;

impl Handle<DescribeAddressesAttribute> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeAddressesAttributeRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeAddressesAttributeRequest) -> Reply<DescribeAddressesAttribute> {
        let listing =
            Listing::parse::<ElasticIp>("DescribeAddressesAttribute", None, input.max_results, input.next_token)?;
        dry_run(input.dry_run)?;
        let found = self
            .records(cx)
            .await?
            .gather::<ElasticIp>(input.allocation_ids.as_deref())
            .await?;
        let (found, next_token) = listing.cut(cx.place(), found, ElasticIp::id);
        // The only attribute is the name that the address resolves to, which is never set here.
        let shown = |address: &ElasticIp| AddressAttribute {
            public_ip: Some(address.public_ip.to_string()),
            allocation_id: Some(address.id.clone()),
            ..AddressAttribute::default()
        };
        Ok(DescribeAddressesAttributeResult {
            addresses: Some(found.iter().map(shown).collect()),
            next_token,
        })
    }
}
