//! Routes: reading their destination and target from requests, and following what happens to targets.

use roadstead_kernel::{ApiError, Result};
use roadstead_store::{Txn, Versioned};

use crate::address::{Block, parse_v6};
use crate::error::{client, invalid, missing};
use crate::records::{Destination, Interface, InternetGateway, NatGateway, Records, Resource, RouteTable, Target};

/// Reads a destination, exactly one of which must be given.
pub fn destination(
    v4: Option<&String>,
    v6: Option<&String>,
    prefix_list: Option<&String>,
) -> Result<Destination, ApiError> {
    let malformed = |text: &str, parameter| {
        invalid(format!(
            "Value ({text}) for parameter {parameter} is invalid. This is not a valid CIDR block."
        ))
    };
    match (v4, v6, prefix_list) {
        (Some(text), None, None) => Block::parse(text)
            .map(Destination::Ipv4)
            .ok_or_else(|| malformed(text, "destinationCidrBlock")),
        (None, Some(text), None) => parse_v6(text)
            .map(Destination::Ipv6)
            .ok_or_else(|| malformed(text, "destinationIpv6CidrBlock")),
        (None, None, Some(id)) => Ok(Destination::PrefixList(id.clone())),
        _ => Err(missing("destinationCidrBlock")),
    }
}

/// The possible targets of a request, by the kinds that are records here; the others are never found.
#[derive(Default)]
pub struct GivenTarget<'a> {
    /// An internet gateway.
    pub gateway: Option<&'a String>,
    /// A NAT gateway.
    pub nat_gateway: Option<&'a String>,
    /// An interface.
    pub interface: Option<&'a String>,
    /// An instance.
    pub instance: Option<&'a String>,
    /// Anything else, with the code and word for what is not there.
    pub others: Vec<(&'a String, &'static str, &'static str)>,
}

impl GivenTarget<'_> {
    /// The target, known to exist and to be within reach of the table.
    pub async fn resolve(&self, records: &Records, table: &RouteTable) -> Result<Target> {
        let known = [self.gateway, self.nat_gateway, self.interface, self.instance];
        if known.iter().flatten().count() + self.others.len() != 1 {
            return Err(client(
                "InvalidParameterCombination",
                "The request must contain exactly one target",
            )
            .into());
        }
        let elsewhere = |what: &str, id: &str| {
            invalid(format!(
                "route table {} and {what} {id} belong to different networks",
                table.id
            ))
        };
        if let Some(id) = self.gateway {
            let missing = || {
                client(
                    "InvalidGatewayID.NotFound",
                    format!("The gateway ID '{id}' does not exist"),
                )
            };
            let gateway = records.find::<InternetGateway>(id).await?.ok_or_else(missing)?;
            if gateway.record.vpc.as_deref() != Some(table.vpc.as_str()) {
                return Err(elsewhere("network gateway", id).into());
            }
            return Ok(Target::Gateway(id.clone()));
        }
        if let Some(id) = self.nat_gateway {
            let missing = || {
                client(
                    "InvalidNatGatewayID.NotFound",
                    format!("The natGateway ID '{id}' does not exist"),
                )
            };
            let gateway = records
                .find::<NatGateway>(id)
                .await?
                .filter(|found| found.record.deleted.is_none());
            if gateway.ok_or_else(missing)?.record.vpc != table.vpc {
                return Err(elsewhere("NAT gateway", id).into());
            }
            return Ok(Target::NatGateway(id.clone()));
        }
        if let Some(id) = self.interface {
            if records.get::<Interface>(id).await?.record.vpc != table.vpc {
                return Err(elsewhere("interface", id).into());
            }
            return Ok(Target::Interface(id.clone()));
        }
        if let Some(id) = self.instance {
            return Err(crate::error::no_instance(id).into());
        }
        match self.others.first() {
            Some((id, code, word)) => Err(client(code, format!("The {word} ID '{id}' does not exist")).into()),
            None => Err(missing("gatewayId").into()),
        }
    }
}

/// Refuses a destination that only the route to the VPC itself may have.
pub fn check_local(table: &RouteTable, destination: &Destination, target: &Target) -> Result<(), ApiError> {
    let Destination::Ipv4(block) = destination else {
        return Ok(());
    };
    if *block == table.block {
        return Err(exists(destination));
    }
    if table.block.covers(*block) && !matches!(target, Target::Interface(_)) {
        return Err(invalid(format!(
            "The destination CIDR block {block} is equal to or more specific than one of this VPC's CIDR blocks. This \
             route can target only an interface or an instance."
        )));
    }
    Ok(())
}

/// A route that is already there.
pub fn exists(destination: &Destination) -> ApiError {
    client(
        "RouteAlreadyExists",
        format!("The route identified by {} already exists.", destination.text()),
    )
}

/// A route that is not there.
pub fn no_route(table: &str, destination: &Destination) -> ApiError {
    let kind = match destination {
        Destination::Ipv4(_) => "destination-cidr-block",
        Destination::Ipv6(_) => "destination-ipv6-cidr-block",
        Destination::PrefixList(_) => "destination-prefix-list-id",
    };
    client(
        "InvalidRoute.NotFound",
        format!("no route with {kind} {} in route table {table}", destination.text()),
    )
}

/// Adds to a transaction: in all tables of the VPC, whether routes to the target lead nowhere.
pub async fn stage_target(records: &Records, txn: &mut Txn, vpc: &str, target: &str, blackhole: bool) -> Result<()> {
    let tables = records.table::<RouteTable>().list_all(records.scope()).await?;
    for mut table in tables.into_iter().filter(|table| table.record.vpc == vpc) {
        let routes = table.record.routes.iter_mut();
        let changed = routes
            .filter(|route| route.target.id() == target && route.blackhole != blackhole)
            .map(|route| route.blackhole = blackhole)
            .count();
        if changed > 0 {
            records.stage_change(txn, &table)?;
        }
    }
    Ok(())
}

/// The table with the association.
pub async fn of_association(records: &Records, association: &str) -> Result<Option<Versioned<RouteTable>>> {
    let tables = records.table::<RouteTable>().list_all(records.scope()).await?;
    Ok(tables
        .into_iter()
        .find(|table| table.record.associations.iter().any(|known| known.id == association)))
}

/// An association that is not there.
pub fn no_association(id: &str) -> ApiError {
    client(
        "InvalidAssociationID.NotFound",
        format!("The association ID '{id}' does not exist"),
    )
}

/// A table that is still used.
pub fn in_use(table: &RouteTable) -> ApiError {
    let id = table.id();
    crate::error::dependency(format!("The routeTable '{id}' has dependencies and cannot be deleted."))
}

/// Destination and target of a request that makes or replaces a route: both requests have the same members.
macro_rules! asked_route {
    ($input:expr) => {{
        let input = $input;
        let destination = $crate::routes::destination(
            input.destination_cidr_block.as_ref(),
            input.destination_ipv6_cidr_block.as_ref(),
            input.destination_prefix_list_id.as_ref(),
        )?;
        let others = [
            (
                &input.transit_gateway_id,
                "InvalidTransitGatewayID.NotFound",
                "transitGateway",
            ),
            (&input.vpc_endpoint_id, "InvalidVpcEndpointId.NotFound", "vpcEndpoint"),
            (
                &input.vpc_peering_connection_id,
                "InvalidVpcPeeringConnectionID.NotFound",
                "vpcPeeringConnection",
            ),
            (
                &input.egress_only_internet_gateway_id,
                "InvalidGatewayID.NotFound",
                "gateway",
            ),
            (&input.local_gateway_id, "InvalidGatewayID.NotFound", "gateway"),
            (&input.carrier_gateway_id, "InvalidGatewayID.NotFound", "gateway"),
            (&input.core_network_arn, "InvalidGatewayID.NotFound", "gateway"),
            (&input.odb_network_arn, "InvalidGatewayID.NotFound", "gateway"),
        ];
        let given = $crate::routes::GivenTarget {
            gateway: input.gateway_id.as_ref(),
            nat_gateway: input.nat_gateway_id.as_ref(),
            interface: input.network_interface_id.as_ref(),
            instance: input.instance_id.as_ref(),
            others: others
                .into_iter()
                .filter_map(|(id, code, word)| id.as_ref().map(|id| (id, code, word)))
                .collect(),
        };
        (destination, given)
    }};
}
pub(crate) use asked_route;
