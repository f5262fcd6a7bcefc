//! ec2:DeleteRouteTable — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteRouteTable.html>

use api_ec2::DeleteRouteTableRequest;
use api_ec2::op::DeleteRouteTable;

use super::create_route_table::CREATE;
use crate::prelude::*;
use crate::records::RouteTable;
use crate::{idempotency, routes};

impl Handle<DeleteRouteTable> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DeleteRouteTableRequest) -> Result<Needs> {
        self.peek(cx).needs_on::<RouteTable>(&input.route_table_id).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteRouteTableRequest) -> Reply<DeleteRouteTable> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(delete(&records, &input.route_table_id))?;
        Ok(Empty {})
    }
}

async fn delete(records: &Records, id: &str) -> Result<()> {
    let table = records.get::<RouteTable>(id).await?;
    if !table.record.associations.is_empty() {
        return Err(routes::in_use(&table.record).into());
    }
    let mut txn = Txn::new();
    idempotency::stage_gone(records, &mut txn, CREATE, table.record.client_token.as_deref());
    records.stage_unlink(&mut txn, &table.record.vpc, id);
    records.stage_gone(&mut txn, &table);
    records.commit(txn).await?;
    Ok(())
}
