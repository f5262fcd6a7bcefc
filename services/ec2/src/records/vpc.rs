//! A virtual private cloud, and the mark that a region has its default one.

use api_ec2::{Tenancy, VpcCidrBlockAssociation, VpcCidrBlockState, VpcCidrBlockStateCode, VpcState};
use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::{ApiError, Needs};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::Resource;
use crate::address::Block;
use crate::error::{client, malformed};
use crate::filter::{Filtered, flag};
use crate::tags;

/// A VPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vpc {
    /// `vpc-…`.
    pub id: String,
    /// Its IPv4 block.
    pub block: Block,
    /// The id of the block's association, `vpc-cidr-assoc-…`.
    pub block_association: String,
    /// Whether it is the region's default VPC.
    pub is_default: bool,
    /// `default` or `dedicated`.
    pub tenancy: String,
    /// Whether the resolver answers in it.
    pub dns_support: bool,
    /// Whether interfaces get names.
    pub dns_hostnames: bool,
    /// Whether address usage metrics are kept.
    pub usage_metrics: bool,
    /// Its main route table.
    pub main_route_table: String,
    /// Its default network ACL.
    pub default_acl: String,
    /// Its default security group.
    pub default_group: String,
    /// The tags.
    pub tags: Tags,
}

impl Record for Vpc {
    const TABLE: &'static str = "ec2/vpc";
    const VERSION: u16 = 1;
}

impl Filtered for Vpc {
    const FILTERS: &'static [&'static str] = &[
        "cidr",
        "cidr-block",
        "cidrBlock",
        "cidr-block-association.association-id",
        "cidr-block-association.cidr-block",
        "cidr-block-association.state",
        "dhcp-options-id",
        "dhcpOptionsId",
        "ipv6-cidr-block-association.association-id",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "ipv6-cidr-block-association.ipv6-pool",
        "ipv6-cidr-block-association.state",
        "is-default",
        "isDefault",
        "owner-id",
        "state",
        "vpc-id",
    ];

    fn values(&self, place: Place, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "cidr" | "cidr-block" | "cidrBlock" | "cidr-block-association.cidr-block" => vec![self.block.to_string()],
            "cidr-block-association.association-id" => vec![self.block_association.clone()],
            "cidr-block-association.state" => vec!["associated".to_owned()],
            "dhcp-options-id" | "dhcpOptionsId" => vec![crate::derived(place, "dopt")],
            "is-default" | "isDefault" => flag(self.is_default),
            "owner-id" => vec![place.account.to_string()],
            "state" => vec!["available".to_owned()],
            "vpc-id" => vec![self.id.clone()],
            other if other.starts_with("ipv6-cidr-block-association.") => Vec::new(),
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl Resource for Vpc {
    const PREFIX: &'static str = "vpc";
    const KIND: &'static str = "vpc";

    fn id(&self) -> &str {
        &self.id
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn malformed(id: &str) -> ApiError {
        malformed("InvalidVpcID.Malformed", id)
    }

    fn missing(id: &str) -> ApiError {
        client("InvalidVpcID.NotFound", format!("The vpc ID '{id}' does not exist"))
    }

    fn describe(&self, _: Place, needs: Needs) -> Needs {
        needs
            .key("ec2:VpcID", self.id.clone())
            .key("ec2:Tenancy", self.tenancy.clone())
    }
}

impl Vpc {
    /// The VPC as replies show it.
    pub fn to_api(&self, place: Place) -> api_ec2::Vpc {
        api_ec2::Vpc {
            owner_id: Some(place.account.to_string()),
            instance_tenancy: Some(Tenancy::from(self.tenancy.as_str())),
            cidr_block_association_set: Some(vec![VpcCidrBlockAssociation {
                association_id: Some(self.block_association.clone()),
                cidr_block: Some(self.block.to_string()),
                cidr_block_state: Some(VpcCidrBlockState {
                    state: Some(VpcCidrBlockStateCode::Associated),
                    ..VpcCidrBlockState::default()
                }),
            }]),
            is_default: Some(self.is_default),
            tags: Some(tags::to_api(&self.tags)),
            vpc_id: Some(self.id.clone()),
            state: Some(VpcState::Available),
            cidr_block: Some(self.block.to_string()),
            dhcp_options_id: Some(crate::derived(place, "dopt")),
            ..api_ec2::Vpc::default()
        }
    }
}

/// The mark that the region's default VPC was made; it stays when the VPC is deleted.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Settled {}

impl Record for Settled {
    const TABLE: &'static str = "ec2/settled";
    const VERSION: u16 = 1;
}
