//! ec2:DescribeRegions — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html>

use api_ec2::op::DescribeRegions;
use api_ec2::{DescribeRegionsRequest, DescribeRegionsResult};
use roadstead_core::Region;
use roadstead_core::arn::Place;

use crate::filter::Filtered;
use crate::prelude::*;

/// The regions that an account of AWS has without asking; the others are shown as asked for.
const WITHOUT_OPT_IN: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

impl Handle<DescribeRegions> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeRegionsRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeRegionsRequest) -> Reply<DescribeRegions> {
        let listing = Listing::whole::<Known>("DescribeRegions", input.filters)?;
        dry_run(input.dry_run)?;
        let ours = Region::all().filter(|region| region.partition() == cx.partition());
        let mut found: Vec<Known> = ours
            .map(|region| Known {
                region,
                tags: Tags::new(),
            })
            .collect();
        if let Some(names) = input.region_names.filter(|names| !names.is_empty()) {
            if let Some(unknown) = names
                .iter()
                .find(|name| !found.iter().any(|known| known.region.as_str() == *name))
            {
                return Err(error::invalid(format!("Invalid region: [{unknown}]")).into());
            }
            found.retain(|known| names.iter().any(|name| name == known.region.as_str()));
        }
        let (found, _) = listing.cut(cx.place(), found, |known| known.region.as_str());
        Ok(DescribeRegionsResult {
            regions: Some(found.iter().map(Known::to_api).collect()),
        })
    }
}

/// A region that can be used.
struct Known {
    region: Region,
    tags: Tags,
}

impl Known {
    fn opt_in(&self) -> &'static str {
        let always =
            WITHOUT_OPT_IN.contains(&self.region.as_str()) || self.region.partition() != Region::US_EAST_1.partition();
        if always { "opt-in-not-required" } else { "opted-in" }
    }

    fn endpoint(&self) -> String {
        format!("ec2.{}.{}", self.region, self.region.partition().dns_suffix())
    }

    fn to_api(&self) -> api_ec2::Region {
        api_ec2::Region {
            opt_in_status: Some(self.opt_in().to_owned()),
            region_name: Some(self.region.to_string()),
            endpoint: Some(self.endpoint()),
            ..api_ec2::Region::default()
        }
    }
}

impl Filtered for Known {
    const FILTERS: &'static [&'static str] = &["endpoint", "opt-in-status", "region-name"];

    fn values(&self, _: Place, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "endpoint" => vec![self.endpoint()],
            "opt-in-status" => vec![self.opt_in().to_owned()],
            "region-name" => vec![self.region.to_string()],
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}
