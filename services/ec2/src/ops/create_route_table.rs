//! ec2:CreateRouteTable — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRouteTable.html>

use api_ec2::op::CreateRouteTable;
use api_ec2::{CreateRouteTableRequest, CreateRouteTableResult};

use crate::prelude::*;
use crate::records::{RouteTable, Vpc};
use crate::{idempotency, limits};

pub(super) const CREATE: &str = "CreateRouteTable";

impl Handle<CreateRouteTable> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &CreateRouteTableRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let tags = tags::wanted(input.tag_specifications.as_deref(), RouteTable::KIND);
        records
            .also_on::<Vpc>(records.needs_new::<RouteTable>(CREATE, &tags), &input.vpc_id)
            .await
    }

    async fn handle(&self, cx: &Cx, input: CreateRouteTableRequest) -> Reply<CreateRouteTable> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let table = retrying!(create(cx, &records, &input))?;
        Ok(CreateRouteTableResult {
            route_table: Some(table.to_api(cx.place())),
            client_token: input.client_token,
        })
    }
}

async fn create(cx: &Cx, records: &Records, input: &CreateRouteTableRequest) -> Result<RouteTable> {
    let token = input.client_token.as_deref().filter(|token| !token.is_empty());
    if let Some(made) = idempotency::made(records, CREATE, token, &input.vpc_id).await? {
        return Ok(records.get::<RouteTable>(&made).await?.record);
    }
    let vpc = records.get::<Vpc>(&input.vpc_id).await?.record;
    let tables = records.all::<RouteTable>().await?;
    limits::ROUTE_TABLES.check(tables.iter().filter(|table| table.vpc == vpc.id).count())?;
    let table = RouteTable {
        id: cx.ids().ec2("rtb"),
        vpc: vpc.id,
        block: vpc.block,
        routes: Vec::new(),
        associations: Vec::new(),
        client_token: token.map(str::to_owned),
        tags: tags::of_create(cx, input.tag_specifications.as_deref(), RouteTable::KIND)?,
    };
    let mut txn = Txn::new();
    idempotency::stage(records, &mut txn, CREATE, token, &input.vpc_id, &table.id)?;
    records.require::<Vpc>(&mut txn, &table.vpc);
    records.stage_link(&mut txn, &table.vpc, &table.id)?;
    records.stage_new(&mut txn, &table)?;
    records.commit(txn).await?;
    Ok(table)
}
