//! A subnet: a block of its VPC in one zone.

use api_ec2::{HostnameType, PrivateDnsNameOptionsOnLaunch, SubnetState};
use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::{ApiError, Needs};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{Resource, Vpc};
use crate::address::Block;
use crate::error::{client, malformed};
use crate::filter::{Filtered, flag};
use crate::{tags, zone};

/// A subnet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// Its block.
    pub block: Block,
    /// Its zone, such as `eu-west-1a`.
    pub zone: String,
    /// Whether it is the zone's default subnet.
    pub default_for_az: bool,
    /// Whether what is launched here gets a public address.
    pub map_public_ip: bool,
    /// `ip-name` or `resource-name`.
    pub hostname_type: String,
    /// Whether names of resources get A records.
    pub dns_a_record: bool,
    /// Its network ACL.
    pub acl: String,
    /// The id of the association with the ACL, `aclassoc-…`.
    pub acl_association: String,
    /// The tags.
    pub tags: Tags,
    /// Free addresses, filled in by whoever counted them.
    #[serde(skip)]
    pub free: u32,
}

impl Record for Subnet {
    const TABLE: &'static str = "ec2/subnet";
    const VERSION: u16 = 1;
}

impl Filtered for Subnet {
    const FILTERS: &'static [&'static str] = &[
        "availability-zone",
        "availabilityZone",
        "availability-zone-id",
        "availabilityZoneId",
        "available-ip-address-count",
        "cidr-block",
        "cidr",
        "cidrBlock",
        "customer-owned-ipv4-pool",
        "default-for-az",
        "defaultForAz",
        "enable-dns64",
        "enable-lni-at-device-index",
        "ipv6-cidr-block-association.association-id",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "ipv6-cidr-block-association.state",
        "ipv6-native",
        "map-customer-owned-ip-on-launch",
        "map-public-ip-on-launch",
        "outpost-arn",
        "owner-id",
        "private-dns-name-options-on-launch.hostname-type",
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
        "state",
        "subnet-arn",
        "subnet-id",
        "vpc-id",
    ];

    fn values(&self, place: Place, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "availability-zone" | "availabilityZone" => vec![self.zone.clone()],
            "availability-zone-id" | "availabilityZoneId" => zone::id(place.region, &self.zone).into_iter().collect(),
            "available-ip-address-count" => vec![self.free.to_string()],
            "cidr-block" | "cidr" | "cidrBlock" => vec![self.block.to_string()],
            "default-for-az" | "defaultForAz" => flag(self.default_for_az),
            "map-public-ip-on-launch" => flag(self.map_public_ip),
            "owner-id" => vec![place.account.to_string()],
            "private-dns-name-options-on-launch.hostname-type" => vec![self.hostname_type.clone()],
            "private-dns-name-options-on-launch.enable-resource-name-dns-a-record" => flag(self.dns_a_record),
            "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record"
            | "enable-dns64"
            | "ipv6-native"
            | "map-customer-owned-ip-on-launch" => flag(false),
            "state" => vec!["available".to_owned()],
            "subnet-arn" => vec![place.arn("ec2", format_args!("subnet/{}", self.id))],
            "subnet-id" => vec![self.id.clone()],
            "vpc-id" => vec![self.vpc.clone()],
            other if Self::FILTERS.contains(&other) => Vec::new(),
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl Resource for Subnet {
    const PREFIX: &'static str = "subnet";
    const KIND: &'static str = "subnet";

    fn id(&self) -> &str {
        &self.id
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn malformed(id: &str) -> ApiError {
        malformed("InvalidSubnetID.Malformed", id)
    }

    fn missing(id: &str) -> ApiError {
        client(
            "InvalidSubnetID.NotFound",
            format!("The subnet ID '{id}' does not exist"),
        )
    }

    fn describe(&self, place: Place, needs: Needs) -> Needs {
        needs
            .key("ec2:AvailabilityZone", self.zone.clone())
            .key_if("ec2:AvailabilityZoneId", zone::id(place.region, &self.zone))
            .key("ec2:SubnetID", self.id.clone())
            .key("ec2:Vpc", place.arn("ec2", format_args!("{}/{}", Vpc::KIND, self.vpc)))
    }
}

impl Subnet {
    /// The subnet as replies show it.
    pub fn to_api(&self, place: Place) -> api_ec2::Subnet {
        api_ec2::Subnet {
            availability_zone: Some(self.zone.clone()),
            availability_zone_id: zone::id(place.region, &self.zone),
            available_ip_address_count: i32::try_from(self.free).ok(),
            assign_ipv6_address_on_creation: Some(false),
            cidr_block: Some(self.block.to_string()),
            default_for_az: Some(self.default_for_az),
            enable_dns64: Some(false),
            ipv6_native: Some(false),
            ipv6_cidr_block_association_set: Some(Vec::new()),
            map_customer_owned_ip_on_launch: Some(false),
            map_public_ip_on_launch: Some(self.map_public_ip),
            owner_id: Some(place.account.to_string()),
            private_dns_name_options_on_launch: Some(PrivateDnsNameOptionsOnLaunch {
                hostname_type: Some(HostnameType::from(self.hostname_type.as_str())),
                enable_resource_name_dns_a_record: Some(self.dns_a_record),
                enable_resource_name_dns_aaaa_record: Some(false),
            }),
            state: Some(SubnetState::Available),
            subnet_arn: Some(place.arn("ec2", format_args!("subnet/{}", self.id))),
            subnet_id: Some(self.id.clone()),
            tags: Some(tags::to_api(&self.tags)),
            vpc_id: Some(self.vpc.clone()),
            ..api_ec2::Subnet::default()
        }
    }
}
