//! ec2:ReplaceRoute — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRoute.html>

use api_ec2::ReplaceRouteRequest;
use api_ec2::op::ReplaceRoute;

use crate::prelude::*;
use crate::records::{Route, RouteTable};
use crate::routes;

impl Handle<ReplaceRoute> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &ReplaceRouteRequest) -> Result<Needs> {
        self.peek(cx).needs_on::<RouteTable>(&input.route_table_id).await
    }

    async fn handle(&self, cx: &Cx, input: ReplaceRouteRequest) -> Reply<ReplaceRoute> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(replace(&records, &input))?;
        Ok(Empty {})
    }
}

async fn replace(records: &Records, input: &ReplaceRouteRequest) -> Result<()> {
    let mut table = records.get::<RouteTable>(&input.route_table_id).await?;
    let (destination, given) = routes::asked_route!(input);
    let target = given.resolve(records, &table.record).await?;
    routes::check_local(&table.record, &destination, &target)?;
    let known = table
        .record
        .routes
        .iter_mut()
        .find(|route| route.destination == destination);
    let known = known.ok_or_else(|| routes::no_route(&input.route_table_id, &destination))?;
    *known = Route {
        destination,
        target,
        blackhole: false,
    };
    let mut txn = Txn::new();
    records.stage_change(&mut txn, &table)?;
    records.commit(txn).await?;
    Ok(())
}
