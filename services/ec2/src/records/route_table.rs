//! A route table, with its routes and the subnets it is associated with.

use api_ec2::{PropagatingVgw, RouteOrigin, RouteState, RouteTableAssociationState, RouteTableAssociationStateCode};
use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::{ApiError, Needs};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{Resource, Vpc};
use crate::address::Block;
use crate::error::{client, malformed};
use crate::filter::Filtered;
use crate::tags;

/// A route table. The route to the VPC itself is always there and not stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteTable {
    /// `rtb-…`.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// The VPC's block: the route that is always there.
    pub block: Block,
    /// The routes besides the one to the VPC.
    pub routes: Vec<Route>,
    /// What uses the table.
    pub associations: Vec<RouteAssociation>,
    /// The token of the request that made it.
    pub client_token: Option<String>,
    /// The tags.
    pub tags: Tags,
}

/// Something that uses a route table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteAssociation {
    /// `rtbassoc-…`.
    pub id: String,
    /// The subnet; none for the VPC's main table.
    pub subnet: Option<String>,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Which packets.
    pub destination: Destination,
    /// To whom.
    pub target: Target,
    /// Whether the target is there no more.
    pub blackhole: bool,
}

/// Which packets a route is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destination {
    /// An IPv4 block.
    Ipv4(Block),
    /// An IPv6 block in canonical form.
    Ipv6(String),
    /// A prefix list.
    PrefixList(String),
}

/// What a route leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// An internet gateway.
    Gateway(String),
    /// A NAT gateway.
    NatGateway(String),
    /// A network interface.
    Interface(String),
}

impl Target {
    /// The id of what the route leads to.
    pub fn id(&self) -> &str {
        match self {
            Self::Gateway(id) | Self::NatGateway(id) | Self::Interface(id) => id,
        }
    }
}

impl Destination {
    /// The destination as text.
    pub fn text(&self) -> String {
        match self {
            Self::Ipv4(block) => block.to_string(),
            Self::Ipv6(text) | Self::PrefixList(text) => text.clone(),
        }
    }
}

impl Route {
    fn state(&self) -> RouteState {
        if self.blackhole {
            RouteState::Blackhole
        } else {
            RouteState::Active
        }
    }

    fn to_api(&self) -> api_ec2::Route {
        let mut shown = api_ec2::Route {
            origin: Some(RouteOrigin::CreateRoute),
            state: Some(self.state()),
            ..api_ec2::Route::default()
        };
        let destination = Some(self.destination.text());
        match self.destination {
            Destination::Ipv4(_) => shown.destination_cidr_block = destination,
            Destination::Ipv6(_) => shown.destination_ipv6_cidr_block = destination,
            Destination::PrefixList(_) => shown.destination_prefix_list_id = destination,
        }
        let target = Some(self.target.id().to_owned());
        match self.target {
            Target::Gateway(_) => shown.gateway_id = target,
            Target::NatGateway(_) => shown.nat_gateway_id = target,
            Target::Interface(_) => shown.network_interface_id = target,
        }
        shown
    }
}

impl Record for RouteTable {
    const TABLE: &'static str = "ec2/route-table";
    const VERSION: u16 = 1;
}

impl Filtered for RouteTable {
    const FILTERS: &'static [&'static str] = &[
        "association.gateway-id",
        "association.main",
        "association.route-table-association-id",
        "association.route-table-id",
        "association.subnet-id",
        "owner-id",
        "route-table-id",
        "route.destination-cidr-block",
        "route.destination-ipv6-cidr-block",
        "route.destination-prefix-list-id",
        "route.egress-only-internet-gateway-id",
        "route.gateway-id",
        "route.instance-id",
        "route.nat-gateway-id",
        "route.origin",
        "route.state",
        "route.transit-gateway-id",
        "route.vpc-peering-connection-id",
        "vpc-id",
    ];

    fn values(&self, place: Place, filter: &str) -> Option<Vec<String>> {
        let shown = || self.routes_to_api().into_iter();
        Some(match filter {
            "association.main" => self
                .associations
                .iter()
                .map(|a| a.subnet.is_none().to_string())
                .collect(),
            "association.route-table-association-id" => self.associations.iter().map(|a| a.id.clone()).collect(),
            "association.route-table-id" => self.associations.iter().map(|_| self.id.clone()).collect(),
            "association.subnet-id" => self.associations.iter().filter_map(|a| a.subnet.clone()).collect(),
            "owner-id" => vec![place.account.to_string()],
            "route-table-id" => vec![self.id.clone()],
            "route.destination-cidr-block" => shown().filter_map(|r| r.destination_cidr_block).collect(),
            "route.destination-ipv6-cidr-block" => shown().filter_map(|r| r.destination_ipv6_cidr_block).collect(),
            "route.destination-prefix-list-id" => shown().filter_map(|r| r.destination_prefix_list_id).collect(),
            "route.gateway-id" => shown().filter_map(|r| r.gateway_id).collect(),
            "route.nat-gateway-id" => shown().filter_map(|r| r.nat_gateway_id).collect(),
            "route.origin" => shown().filter_map(|r| r.origin.map(|o| o.to_string())).collect(),
            "route.state" => shown().filter_map(|r| r.state.map(|s| s.to_string())).collect(),
            "vpc-id" => vec![self.vpc.clone()],
            other if Self::FILTERS.contains(&other) => Vec::new(),
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl Resource for RouteTable {
    const PREFIX: &'static str = "rtb";
    const KIND: &'static str = "route-table";

    fn id(&self) -> &str {
        &self.id
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn malformed(id: &str) -> ApiError {
        malformed("InvalidRouteTableId.Malformed", id)
    }

    fn missing(id: &str) -> ApiError {
        client(
            "InvalidRouteTableID.NotFound",
            format!("The routeTable ID '{id}' does not exist"),
        )
    }

    fn describe(&self, place: Place, needs: Needs) -> Needs {
        needs
            .key("ec2:RouteTableID", self.id.clone())
            .key("ec2:Vpc", place.arn("ec2", format_args!("{}/{}", Vpc::KIND, self.vpc)))
    }
}

impl RouteTable {
    fn routes_to_api(&self) -> Vec<api_ec2::Route> {
        let local = api_ec2::Route {
            destination_cidr_block: Some(self.block.to_string()),
            gateway_id: Some("local".to_owned()),
            origin: Some(RouteOrigin::CreateRouteTable),
            state: Some(RouteState::Active),
            ..api_ec2::Route::default()
        };
        std::iter::once(local)
            .chain(self.routes.iter().map(Route::to_api))
            .collect()
    }

    /// The table as replies show it.
    pub fn to_api(&self, place: Place) -> api_ec2::RouteTable {
        let association = |a: &RouteAssociation| api_ec2::RouteTableAssociation {
            main: Some(a.subnet.is_none()),
            route_table_association_id: Some(a.id.clone()),
            route_table_id: Some(self.id.clone()),
            subnet_id: a.subnet.clone(),
            association_state: Some(associated()),
            ..api_ec2::RouteTableAssociation::default()
        };
        api_ec2::RouteTable {
            associations: Some(self.associations.iter().map(association).collect()),
            propagating_vgws: Some(Vec::<PropagatingVgw>::new()),
            route_table_id: Some(self.id.clone()),
            routes: Some(self.routes_to_api()),
            tags: Some(tags::to_api(&self.tags)),
            vpc_id: Some(self.vpc.clone()),
            owner_id: Some(place.account.to_string()),
        }
    }
}

/// The state of every association.
pub fn associated() -> RouteTableAssociationState {
    RouteTableAssociationState {
        state: Some(RouteTableAssociationStateCode::Associated),
        status_message: None,
    }
}
