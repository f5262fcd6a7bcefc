//! ec2:CreateRoute — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html>

use api_ec2::op::CreateRoute;
use api_ec2::{CreateRouteRequest, CreateRouteResult};

use crate::limits;
use crate::prelude::*;
use crate::records::{Route, RouteTable};
use crate::routes::{self, GivenTarget};

impl Handle<CreateRoute> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &CreateRouteRequest) -> Result<Needs> {
        self.peek(cx).needs_on::<RouteTable>(&input.route_table_id).await
    }

    async fn handle(&self, cx: &Cx, input: CreateRouteRequest) -> Reply<CreateRoute> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(create(&records, &input))?;
        Ok(CreateRouteResult { r#return: Some(true) })
    }
}

async fn create(records: &Records, input: &CreateRouteRequest) -> Result<()> {
    let mut table = records.get::<RouteTable>(&input.route_table_id).await?;
    let destination = routes::destination(
        input.destination_cidr_block.as_ref(),
        input.destination_ipv6_cidr_block.as_ref(),
        input.destination_prefix_list_id.as_ref(),
    )?;
    let given = GivenTarget {
        gateway: input.gateway_id.as_ref(),
        nat_gateway: input.nat_gateway_id.as_ref(),
        interface: input.network_interface_id.as_ref(),
        instance: input.instance_id.as_ref(),
        others: [
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
        ]
        .into_iter()
        .filter_map(|(id, code, word)| id.as_ref().map(|id| (id, code, word)))
        .collect(),
    };
    let target = given.resolve(records, &table.record).await?;
    routes::check_local(&table.record, &destination, &target)?;
    if table.record.routes.iter().any(|route| route.destination == destination) {
        return Err(routes::exists(&destination).into());
    }
    limits::ROUTES.check(table.record.routes.len())?;
    table.record.routes.push(Route {
        destination,
        target,
        blackhole: false,
    });
    let mut txn = Txn::new();
    records.stage_change(&mut txn, &table)?;
    records.commit(txn).await?;
    Ok(())
}
