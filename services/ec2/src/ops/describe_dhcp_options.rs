//! ec2:DescribeDhcpOptions — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeDhcpOptions.html>

use api_ec2::op::DescribeDhcpOptions;
use api_ec2::{AttributeValue, DescribeDhcpOptionsRequest, DescribeDhcpOptionsResult, DhcpConfiguration, DhcpOptions};
use roadstead_core::Region;
use roadstead_core::arn::Place;

use crate::filter::Filtered;
use crate::prelude::*;
use crate::records::well_formed;

impl Handle<DescribeDhcpOptions> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeDhcpOptionsRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeDhcpOptionsRequest) -> Reply<DescribeDhcpOptions> {
        let listing = Listing::parse::<Set>(
            "DescribeDhcpOptions",
            input.filters,
            input.max_results,
            input.next_token,
        )?;
        dry_run(input.dry_run)?;
        // The only set there is: the one that every VPC of the region uses.
        let set = Set {
            id: crate::derived(cx.place(), "dopt"),
            region: cx.region(),
            tags: Tags::new(),
        };
        for id in input.dhcp_options_ids.iter().flatten() {
            if !well_formed("dopt", id) {
                return Err(error::malformed("InvalidDhcpOptionsId.Malformed", id).into());
            }
            if *id != set.id {
                let message = format!("The dhcpOption ID '{id}' does not exist");
                return Err(error::client("InvalidDhcpOptionID.NotFound", message).into());
            }
        }
        let (sets, next_token) = listing.cut(cx.place(), vec![set], |set| &set.id);
        let sets = sets.iter().map(|set| set.to_api(cx.place())).collect();
        Ok(DescribeDhcpOptionsResult {
            next_token,
            dhcp_options: Some(sets),
        })
    }
}

/// A set of DHCP options.
struct Set {
    id: String,
    region: Region,
    tags: Tags,
}

impl Set {
    fn options(&self) -> [(&'static str, String); 2] {
        let domain = match self.region {
            Region::US_EAST_1 => "ec2.internal".to_owned(),
            region => format!("{region}.compute.internal"),
        };
        [
            ("domain-name", domain),
            ("domain-name-servers", "AmazonProvidedDNS".to_owned()),
        ]
    }

    fn to_api(&self, place: Place) -> DhcpOptions {
        let option = |(key, value): (&str, String)| DhcpConfiguration {
            key: Some(key.to_owned()),
            values: Some(vec![AttributeValue { value: Some(value) }]),
        };
        DhcpOptions {
            owner_id: Some(place.account.to_string()),
            tags: Some(tags::to_api(&self.tags)),
            dhcp_options_id: Some(self.id.clone()),
            dhcp_configurations: Some(self.options().into_iter().map(option).collect()),
        }
    }
}

impl Filtered for Set {
    const FILTERS: &'static [&'static str] = &["dhcp-options-id", "key", "owner-id", "value"];

    fn values(&self, place: Place, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "dhcp-options-id" => vec![self.id.clone()],
            "key" => self.options().iter().map(|(key, _)| (*key).to_owned()).collect(),
            "owner-id" => vec![place.account.to_string()],
            "value" => self.options().into_iter().map(|(_, value)| value).collect(),
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}
