//! ec2:DeleteRoute — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteRoute.html>

use api_ec2::DeleteRouteRequest;
use api_ec2::op::DeleteRoute;

use crate::prelude::*;
use crate::records::{Destination, RouteTable};
use crate::routes;

impl Handle<DeleteRoute> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DeleteRouteRequest) -> Result<Needs> {
        self.peek(cx).needs_on::<RouteTable>(&input.route_table_id).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteRouteRequest) -> Reply<DeleteRoute> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(delete(&records, &input))?;
        Ok(Empty {})
    }
}

async fn delete(records: &Records, input: &DeleteRouteRequest) -> Result<()> {
    let id = &input.route_table_id;
    let mut table = records.get::<RouteTable>(id).await?;
    let destination = routes::destination(
        input.destination_cidr_block.as_ref(),
        input.destination_ipv6_cidr_block.as_ref(),
        input.destination_prefix_list_id.as_ref(),
    )?;
    if destination == Destination::Ipv4(table.record.block) {
        let text = destination.text();
        return Err(error::invalid(format!("cannot remove local route {text} in route table {id}")).into());
    }
    let at = table
        .record
        .routes
        .iter()
        .position(|route| route.destination == destination);
    table
        .record
        .routes
        .remove(at.ok_or_else(|| routes::no_route(id, &destination))?);
    let mut txn = Txn::new();
    records.stage_change(&mut txn, &table)?;
    records.commit(txn).await?;
    Ok(())
}
