//! A network interface, with its addresses and what it is attached to.

use std::net::Ipv4Addr;

use api_ec2::{
    AttachmentStatus, GroupIdentifier, NetworkInterfaceAssociation, NetworkInterfaceAttachment,
    NetworkInterfacePrivateIpAddress, NetworkInterfaceStatus, NetworkInterfaceType, OperatorResponse,
};
use roadstead_core::arn::Place;
use roadstead_core::{Region, Tags, Timestamp};
use roadstead_kernel::{ApiError, Needs};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{GroupRef, Resource, Subnet, Vpc};
use crate::error::{client, malformed};
use crate::filter::{Filtered, flag};
use crate::{tags, zone};

/// A network interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interface {
    /// `eni-…`.
    pub id: String,
    /// Its subnet.
    pub subnet: String,
    /// Its VPC.
    pub vpc: String,
    /// Its zone.
    pub zone: String,
    /// What it is for, in its maker's words.
    pub description: String,
    /// Its hardware address, locally administered.
    pub mac: String,
    /// Its private addresses; the first one is the primary one.
    pub addresses: Vec<PrivateAddress>,
    /// Its security groups.
    pub groups: Vec<GroupRef>,
    /// Whether packets that are not from or for it are dropped.
    pub source_dest_check: bool,
    /// `interface` or `nat_gateway`.
    pub kind: String,
    /// The service that made it and alone may manage it.
    pub requester: Option<Requester>,
    /// What it is attached to.
    pub attachment: Option<Attachment>,
    /// The token of the request that made it.
    pub client_token: Option<String>,
    /// The tags.
    pub tags: Tags,
    /// Whether its VPC gives names, filled in by whoever read the VPC.
    #[serde(skip)]
    pub named: bool,
}

/// The service that manages an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// The service, such as `ecs.amazonaws.com`.
    pub service: String,
    /// The account or name it shows as.
    pub id: String,
}

/// What an interface is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// `eni-attach-…`.
    pub id: String,
    /// The instance; none when it belongs to a service.
    pub instance: Option<String>,
    /// The owner of what it is attached to.
    pub instance_owner: String,
    /// The position among the instance's interfaces.
    pub device_index: i32,
    /// Whether the interface goes with the instance.
    pub delete_on_termination: bool,
    /// Since when.
    pub since: Timestamp,
}

/// A private address of an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateAddress {
    /// The address.
    pub ip: Ipv4Addr,
    /// The public address in front of it.
    pub association: Option<Association>,
}

/// A public address in front of a private one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Association {
    /// The public address.
    pub public_ip: Ipv4Addr,
    /// Its owner: an account for an elastic IP, `amazon` otherwise.
    pub owner: String,
    /// The elastic IP's allocation, `eipalloc-…`.
    pub allocation: Option<String>,
    /// `eipassoc-…`.
    pub id: Option<String>,
}

/// A private address that an interface of the subnet has; found by subnet and address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TakenAddress {
    /// The interface.
    pub interface: String,
}

impl Record for TakenAddress {
    const TABLE: &'static str = "ec2/taken-address";
    const VERSION: u16 = 1;
}

impl Record for Interface {
    const TABLE: &'static str = "ec2/interface";
    const VERSION: u16 = 1;
}

impl Filtered for Interface {
    const FILTERS: &'static [&'static str] = &[
        "addresses.association.owner-id",
        "addresses.association.public-ip",
        "addresses.primary",
        "addresses.private-ip-address",
        "association.allocation-id",
        "association.association-id",
        "association.ip-owner-id",
        "association.public-dns-name",
        "association.public-ip",
        "attachment.attach-time",
        "attachment.attachment-id",
        "attachment.delete-on-termination",
        "attachment.device-index",
        "attachment.instance-id",
        "attachment.instance-owner-id",
        "attachment.nat-gateway-id",
        "attachment.status",
        "availability-zone",
        "availability-zone-id",
        "description",
        "group-id",
        "group-name",
        "interface-type",
        "ipv6-addresses.ipv6-address",
        "mac-address",
        "network-interface-id",
        "operator.managed",
        "operator.principal",
        "owner-id",
        "private-dns-name",
        "private-ip-address",
        "requester-id",
        "requester-managed",
        "source-dest-check",
        "status",
        "subnet-id",
        "vpc-id",
    ];

    fn values(&self, place: Place, filter: &str) -> Option<Vec<String>> {
        let associations = || self.addresses.iter().filter_map(|a| a.association.as_ref());
        let primary = || self.primary().and_then(|a| a.association.as_ref()).into_iter();
        let attached = self.attachment.as_ref().into_iter();
        Some(match filter {
            "addresses.association.owner-id" => associations().map(|a| a.owner.clone()).collect(),
            "addresses.association.public-ip" => associations().map(|a| a.public_ip.to_string()).collect(),
            "addresses.primary" => (0..self.addresses.len()).map(|at| (at == 0).to_string()).collect(),
            "addresses.private-ip-address" => self.addresses.iter().map(|a| a.ip.to_string()).collect(),
            "association.allocation-id" => primary().filter_map(|a| a.allocation.clone()).collect(),
            "association.association-id" => primary().filter_map(|a| a.id.clone()).collect(),
            "association.ip-owner-id" => primary().map(|a| a.owner.clone()).collect(),
            "association.public-dns-name" => primary().filter_map(|a| self.public_name(place.region, a)).collect(),
            "association.public-ip" => primary().map(|a| a.public_ip.to_string()).collect(),
            "attachment.attach-time" => attached.map(|a| a.since.iso8601_millis()).collect(),
            "attachment.attachment-id" => attached.map(|a| a.id.clone()).collect(),
            "attachment.delete-on-termination" => attached.map(|a| a.delete_on_termination.to_string()).collect(),
            "attachment.device-index" => attached.map(|a| a.device_index.to_string()).collect(),
            "attachment.instance-id" => attached.filter_map(|a| a.instance.clone()).collect(),
            "attachment.instance-owner-id" => attached.map(|a| a.instance_owner.clone()).collect(),
            "attachment.nat-gateway-id" => self.nat_gateway().map(str::to_owned).into_iter().collect(),
            "attachment.status" => attached.map(|_| "attached".to_owned()).collect(),
            "availability-zone" => vec![self.zone.clone()],
            "availability-zone-id" => zone::id(place.region, &self.zone).into_iter().collect(),
            "description" => vec![self.description.clone()],
            "group-id" => self.groups.iter().map(|g| g.id.clone()).collect(),
            "group-name" => self.groups.iter().map(|g| g.name.clone()).collect(),
            "interface-type" => vec![self.kind.clone()],
            "mac-address" => vec![self.mac.clone()],
            "network-interface-id" => vec![self.id.clone()],
            "operator.managed" => flag(false),
            "ipv6-addresses.ipv6-address" | "operator.principal" => Vec::new(),
            "owner-id" => vec![place.account.to_string()],
            "private-dns-name" => self
                .primary()
                .and_then(|a| self.private_name(place.region, a))
                .into_iter()
                .collect(),
            "private-ip-address" => self.primary().map(|a| a.ip.to_string()).into_iter().collect(),
            "requester-id" => self.requester.iter().map(|r| r.id.clone()).collect(),
            "requester-managed" => flag(self.requester.is_some()),
            "source-dest-check" => flag(self.source_dest_check),
            "status" => vec![self.status().as_str().to_owned()],
            "subnet-id" => vec![self.subnet.clone()],
            "vpc-id" => vec![self.vpc.clone()],
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl Resource for Interface {
    const PREFIX: &'static str = "eni";
    const KIND: &'static str = "network-interface";

    fn id(&self) -> &str {
        &self.id
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn malformed(id: &str) -> ApiError {
        malformed("InvalidNetworkInterfaceId.Malformed", id)
    }

    fn missing(id: &str) -> ApiError {
        client(
            "InvalidNetworkInterfaceID.NotFound",
            format!("The networkInterface ID '{id}' does not exist"),
        )
    }

    fn describe(&self, place: Place, needs: Needs) -> Needs {
        needs
            .key("ec2:AvailabilityZone", self.zone.clone())
            .key("ec2:NetworkInterfaceID", self.id.clone())
            .key(
                "ec2:Subnet",
                place.arn("ec2", format_args!("{}/{}", Subnet::KIND, self.subnet)),
            )
            .key("ec2:Vpc", place.arn("ec2", format_args!("{}/{}", Vpc::KIND, self.vpc)))
    }
}

impl Interface {
    /// The primary private address.
    pub fn primary(&self) -> Option<&PrivateAddress> {
        self.addresses.first()
    }

    /// `available` or `in-use`.
    pub fn status(&self) -> NetworkInterfaceStatus {
        if self.attachment.is_some() {
            NetworkInterfaceStatus::InUse
        } else {
            NetworkInterfaceStatus::Available
        }
    }

    /// Whether the service, the caller's when it acts through its service-linked role, may manage the interface.
    pub fn is_managed_by_other(&self, service: Option<&str>) -> bool {
        self.requester
            .as_ref()
            .is_some_and(|requester| Some(requester.service.as_str()) != service)
    }

    fn nat_gateway(&self) -> Option<&str> {
        self.description
            .strip_prefix("Interface for NAT Gateway ")
            .filter(|_| self.kind == "nat_gateway")
    }

    fn private_name(&self, region: Region, address: &PrivateAddress) -> Option<String> {
        let [a, b, c, d] = address.ip.octets();
        self.named.then(|| match region {
            Region::US_EAST_1 => format!("ip-{a}-{b}-{c}-{d}.ec2.internal"),
            _ => format!("ip-{a}-{b}-{c}-{d}.{region}.compute.internal"),
        })
    }

    fn public_name(&self, region: Region, association: &Association) -> Option<String> {
        let [a, b, c, d] = association.public_ip.octets();
        let suffix = region.partition().dns_suffix();
        self.named.then(|| match region {
            Region::US_EAST_1 => format!("ec2-{a}-{b}-{c}-{d}.compute-1.{suffix}"),
            _ => format!("ec2-{a}-{b}-{c}-{d}.{region}.compute.{suffix}"),
        })
    }

    fn association_to_api(&self, region: Region, association: &Association) -> NetworkInterfaceAssociation {
        NetworkInterfaceAssociation {
            allocation_id: association.allocation.clone(),
            association_id: association.id.clone(),
            ip_owner_id: Some(association.owner.clone()),
            public_dns_name: Some(self.public_name(region, association).unwrap_or_default()),
            public_ip: Some(association.public_ip.to_string()),
            nat_enabled: Some(true),
            ..NetworkInterfaceAssociation::default()
        }
    }

    /// The interface as replies show it.
    pub fn to_api(&self, place: Place) -> api_ec2::NetworkInterface {
        let region = place.region;
        let association = |a: &PrivateAddress| a.association.as_ref().map(|a| self.association_to_api(region, a));
        let address = |(at, a): (usize, &PrivateAddress)| NetworkInterfacePrivateIpAddress {
            association: association(a),
            primary: Some(at == 0),
            private_dns_name: self.private_name(region, a),
            private_ip_address: Some(a.ip.to_string()),
        };
        let primary = self.primary();
        api_ec2::NetworkInterface {
            association: primary.and_then(association),
            attachment: self.attachment.as_ref().map(Attachment::to_api),
            availability_zone: Some(self.zone.clone()),
            availability_zone_id: zone::id(region, &self.zone),
            description: Some(self.description.clone()),
            groups: Some(
                self.groups
                    .iter()
                    .map(GroupRef::to_api)
                    .collect::<Vec<GroupIdentifier>>(),
            ),
            interface_type: Some(NetworkInterfaceType::from(self.kind.as_str())),
            ipv6_addresses: Some(Vec::new()),
            mac_address: Some(self.mac.clone()),
            network_interface_id: Some(self.id.clone()),
            owner_id: Some(place.account.to_string()),
            private_dns_name: primary.and_then(|a| self.private_name(region, a)),
            // AWS: always there, empty without a public name (recorded).
            public_dns_name: Some(
                primary
                    .and_then(|a| a.association.as_ref())
                    .and_then(|a| self.public_name(region, a))
                    .unwrap_or_default(),
            ),
            private_ip_address: primary.map(|a| a.ip.to_string()),
            private_ip_addresses: Some(self.addresses.iter().enumerate().map(address).collect()),
            requester_id: self.requester.as_ref().map(|r| r.id.clone()),
            requester_managed: Some(self.requester.is_some()),
            source_dest_check: Some(self.source_dest_check),
            status: Some(self.status()),
            subnet_id: Some(self.subnet.clone()),
            tag_set: Some(tags::to_api(&self.tags)),
            vpc_id: Some(self.vpc.clone()),
            operator: Some(OperatorResponse {
                managed: Some(false),
                hidden_by_default: Some(false),
                principal: None,
            }),
            ..api_ec2::NetworkInterface::default()
        }
    }
}

impl Attachment {
    /// The attachment as replies show it.
    pub fn to_api(&self) -> NetworkInterfaceAttachment {
        NetworkInterfaceAttachment {
            attach_time: Some(self.since),
            attachment_id: Some(self.id.clone()),
            delete_on_termination: Some(self.delete_on_termination),
            device_index: Some(self.device_index),
            network_card_index: Some(0),
            instance_id: self.instance.clone(),
            instance_owner_id: Some(self.instance_owner.clone()),
            status: Some(AttachmentStatus::Attached),
            ..NetworkInterfaceAttachment::default()
        }
    }
}
