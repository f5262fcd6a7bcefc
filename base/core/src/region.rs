//! The regions and partitions of AWS, by name; every region is served by one endpoint.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A partition: a set of regions with its own ARN prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Partition {
    /// The commercial regions.
    Aws,
    /// The regions in China.
    AwsCn,
    /// The GovCloud regions in the US.
    AwsUsGov,
}

impl Partition {
    /// The name as it stands in ARNs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsCn => "aws-cn",
            Self::AwsUsGov => "aws-us-gov",
        }
    }

    /// The region that global services (IAM, STS, Route 53) record themselves under.
    pub fn global_region(self) -> Region {
        match self {
            Self::Aws => Region::US_EAST_1,
            Self::AwsCn => Region("cn-north-1"),
            Self::AwsUsGov => Region("us-gov-west-1"),
        }
    }

    /// The domain suffix of endpoints and DNS names in this partition.
    pub fn dns_suffix(self) -> &'static str {
        match self {
            Self::AwsCn => "amazonaws.com.cn",
            Self::Aws | Self::AwsUsGov => "amazonaws.com",
        }
    }
}

/// A region of AWS by name; cheap to copy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(&'static str);

/// Every region of the three partitions served, sorted by name.
const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

impl Region {
    /// US East (N. Virginia), where global services live.
    pub const US_EAST_1: Self = Self("us-east-1");

    /// Finds a region by its exact name; an unknown name is `None`.
    pub fn parse(name: &str) -> Option<Self> {
        let at = REGIONS.binary_search(&name).ok()?;
        REGIONS.get(at).copied().map(Self)
    }

    /// Every region, sorted by name.
    pub fn all() -> impl Iterator<Item = Self> {
        REGIONS.iter().copied().map(Self)
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The partition that this region belongs to.
    pub fn partition(self) -> Partition {
        if self.0.starts_with("cn-") {
            Partition::AwsCn
        } else if self.0.starts_with("us-gov-") {
            Partition::AwsUsGov
        } else {
            Partition::Aws
        }
    }

    /// The short form that availability-zone ids use, such as `use1` for `us-east-1`.
    pub fn zone_id_prefix(self) -> String {
        let mut parts = self.0.split('-');
        let mut short = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let kept = match part {
                "northeast" => "ne",
                "northwest" => "nw",
                "southeast" => "se",
                "southwest" => "sw",
                "gov" => "g",
                word if word.starts_with(|c: char| c.is_ascii_digit()) => word,
                word => word.get(..1).unwrap_or_default(),
            };
            short.push_str(kept);
        }
        short
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Region {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        Self::parse(&name).ok_or_else(|| serde::de::Error::custom("an unknown region"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_look_ups_find_every_region() {
        assert!(REGIONS.is_sorted());
        for region in Region::all() {
            assert_eq!(Region::parse(region.as_str()), Some(region));
        }
        assert_eq!(Region::parse("us-east-9"), None);
    }

    #[test]
    fn zone_ids_shorten_the_region_as_aws_does() {
        let check = |name, short: &str| assert_eq!(Region::parse(name).unwrap().zone_id_prefix(), short);
        check("us-east-1", "use1");
        check("ap-southeast-2", "apse2");
        check("eu-central-1", "euc1");
        check("us-gov-west-1", "usgw1");
        check("ap-northeast-3", "apne3");
    }
}
