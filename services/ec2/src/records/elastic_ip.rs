//! An elastic IP: a public address that stays the account's until it is released.

use std::net::Ipv4Addr;

use api_ec2::{Address, DomainType};
use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::{ApiError, Needs};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::Resource;
use crate::error::client;
use crate::filter::Filtered;
use crate::tags;

/// An elastic IP.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ElasticIp {
    /// `eipalloc-…`.
    pub id: String,
    /// The address.
    pub public_ip: Ipv4Addr,
    /// What it stands in front of.
    pub used: Option<AddressUse>,
    /// The tags.
    pub tags: Tags,
}

/// What an elastic IP stands in front of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressUse {
    /// `eipassoc-…`.
    pub association: String,
    /// The interface.
    pub interface: String,
    /// The owner of the interface, when it is a service's.
    pub managed: bool,
    /// The private address.
    pub private_ip: Ipv4Addr,
}

impl Record for ElasticIp {
    const TABLE: &'static str = "ec2/elastic-ip";
    const VERSION: u16 = 1;
}

impl Filtered for ElasticIp {
    const FILTERS: &'static [&'static str] = &[
        "allocation-id",
        "association-id",
        "domain",
        "instance-id",
        "network-border-group",
        "network-interface-id",
        "network-interface-owner-id",
        "private-ip-address",
        "public-ip",
    ];

    fn values(&self, place: Place, filter: &str) -> Option<Vec<String>> {
        let used = self.used.iter();
        Some(match filter {
            "allocation-id" => vec![self.id.clone()],
            "association-id" => used.map(|u| u.association.clone()).collect(),
            "domain" => vec!["vpc".to_owned()],
            "instance-id" => Vec::new(),
            "network-border-group" => vec![place.region.to_string()],
            "network-interface-id" => used.map(|u| u.interface.clone()).collect(),
            "network-interface-owner-id" => used.map(|_| place.account.to_string()).collect(),
            "private-ip-address" => used.map(|u| u.private_ip.to_string()).collect(),
            "public-ip" => vec![self.public_ip.to_string()],
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl Resource for ElasticIp {
    const PREFIX: &'static str = "eipalloc";
    const KIND: &'static str = "elastic-ip";

    fn id(&self) -> &str {
        &self.id
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn malformed(id: &str) -> ApiError {
        Self::missing(id)
    }

    fn missing(id: &str) -> ApiError {
        client(
            "InvalidAllocationID.NotFound",
            format!("The allocation ID '{id}' does not exist"),
        )
    }

    fn describe(&self, _: Place, needs: Needs) -> Needs {
        needs
            .key("ec2:AllocationId", self.id.clone())
            .key("ec2:Domain", "vpc")
            .key("ec2:PublicIpAddress", self.public_ip.to_string())
    }
}

impl ElasticIp {
    /// The address as replies show it.
    pub fn to_api(&self, place: Place) -> Address {
        let used = self.used.as_ref();
        Address {
            allocation_id: Some(self.id.clone()),
            association_id: used.map(|u| u.association.clone()),
            domain: Some(DomainType::Vpc),
            network_interface_id: used.map(|u| u.interface.clone()),
            network_interface_owner_id: used.map(|_| place.account.to_string()),
            private_ip_address: used.map(|u| u.private_ip.to_string()),
            tags: Some(tags::to_api(&self.tags)),
            public_ipv4_pool: Some("amazon".to_owned()),
            network_border_group: Some(place.region.to_string()),
            // AWS: an elastic IP of the EC2 classic time would name an instance; one that is free shows it empty.
            instance_id: used.is_none().then(String::new),
            public_ip: Some(self.public_ip.to_string()),
            ..Address::default()
        }
    }
}
