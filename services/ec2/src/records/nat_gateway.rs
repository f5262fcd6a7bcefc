//! A NAT gateway: the way out for a subnet without public addresses.

use std::net::Ipv4Addr;
use std::time::Duration;

use api_ec2::{ConnectivityType, NatGatewayAddress, NatGatewayAddressStatus, NatGatewayState};
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_kernel::{ApiError, Needs};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::Resource;
use crate::error::client;
use crate::filter::Filtered;
use crate::tags;

/// A NAT gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NatGateway {
    /// `nat-…`.
    pub id: String,
    /// Its subnet.
    pub subnet: String,
    /// Its VPC.
    pub vpc: String,
    /// `public` or `private`.
    pub connectivity: String,
    /// Its interface; one that failed has none.
    pub interface: Option<String>,
    /// Its private address.
    pub private_ip: Option<Ipv4Addr>,
    /// The elastic IP: allocation and address.
    pub public: Option<(String, Ipv4Addr)>,
    /// The association of the elastic IP.
    pub association: Option<String>,
    /// Why it failed: code and message.
    pub failure: Option<(String, String)>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was deleted; it is shown for a while after.
    pub deleted: Option<Timestamp>,
    /// The token of the request that made it.
    pub client_token: Option<String>,
    /// The tags.
    pub tags: Tags,
}

/// How long a deleted gateway is still shown.
const SHOWN_AFTER_DELETION: Duration = Duration::from_secs(3600);

impl Record for NatGateway {
    const TABLE: &'static str = "ec2/nat-gateway";
    const VERSION: u16 = 1;
}

impl Filtered for NatGateway {
    const FILTERS: &'static [&'static str] = &["nat-gateway-id", "state", "subnet-id", "vpc-id"];

    fn values(&self, _: Place, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "nat-gateway-id" => vec![self.id.clone()],
            "state" => vec![self.state().to_string()],
            "subnet-id" => vec![self.subnet.clone()],
            "vpc-id" => vec![self.vpc.clone()],
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl Resource for NatGateway {
    const PREFIX: &'static str = "nat";
    const KIND: &'static str = "natgateway";

    fn id(&self) -> &str {
        &self.id
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn malformed(id: &str) -> ApiError {
        client("NatGatewayMalformed", format!("The NAT gateway ID '{id}' is malformed"))
    }

    fn missing(id: &str) -> ApiError {
        client("NatGatewayNotFound", format!("The Nat Gateway {id} was not found"))
    }

    fn describe(&self, _: Place, needs: Needs) -> Needs {
        needs
    }
}

impl NatGateway {
    /// `available`, `failed` or `deleted`.
    pub fn state(&self) -> NatGatewayState {
        match (self.deleted, &self.failure) {
            (Some(_), _) => NatGatewayState::Deleted,
            (None, Some(_)) => NatGatewayState::Failed,
            (None, None) => NatGatewayState::Available,
        }
    }

    /// Whether it was deleted so long ago that it is no longer shown.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.deleted
            .is_some_and(|deleted| now.since(deleted) > SHOWN_AFTER_DELETION)
    }

    /// The gateway as replies show it.
    pub fn to_api(&self) -> api_ec2::NatGateway {
        let public = self.public.as_ref();
        api_ec2::NatGateway {
            create_time: Some(self.created),
            delete_time: self.deleted,
            failure_code: self.failure.as_ref().map(|failure| failure.0.clone()),
            failure_message: self.failure.as_ref().map(|failure| failure.1.clone()),
            nat_gateway_addresses: Some(vec![NatGatewayAddress {
                allocation_id: public.map(|p| p.0.clone()),
                association_id: self.association.clone(),
                public_ip: public.map(|p| p.1.to_string()),
                network_interface_id: self.interface.clone(),
                private_ip: self.private_ip.map(|ip| ip.to_string()),
                is_primary: Some(true),
                status: Some(match self.failure {
                    Some(_) => NatGatewayAddressStatus::Failed,
                    None => NatGatewayAddressStatus::Succeeded,
                }),
                ..NatGatewayAddress::default()
            }]),
            nat_gateway_id: Some(self.id.clone()),
            state: Some(self.state()),
            subnet_id: Some(self.subnet.clone()),
            vpc_id: Some(self.vpc.clone()),
            tags: Some(tags::to_api(&self.tags)),
            connectivity_type: Some(ConnectivityType::from(self.connectivity.as_str())),
            ..api_ec2::NatGateway::default()
        }
    }
}
