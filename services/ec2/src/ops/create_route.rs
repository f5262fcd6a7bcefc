//! ec2:CreateRoute — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html>

use api_ec2::op::CreateRoute;
use api_ec2::{CreateRouteRequest, CreateRouteResult};

use crate::limits;
use crate::prelude::*;
use crate::records::{Route, RouteTable};
use crate::routes;

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
    let (destination, given) = routes::asked_route!(input);
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
