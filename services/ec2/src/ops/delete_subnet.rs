//! ec2:DeleteSubnet — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSubnet.html>

use api_ec2::DeleteSubnetRequest;
use api_ec2::op::DeleteSubnet;
use roadstead_store::{Op, Table};

use crate::prelude::*;
use crate::records::{Link, RouteTable, Subnet, TakenAddress};

impl Handle<DeleteSubnet> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DeleteSubnetRequest) -> Result<Needs> {
        self.peek(cx).needs_on::<Subnet>(&input.subnet_id).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteSubnetRequest) -> Reply<DeleteSubnet> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(delete(&records, &input.subnet_id))?;
        Ok(Empty {})
    }
}

async fn delete(records: &Records, id: &str) -> Result<()> {
    let subnet = records.get::<Subnet>(id).await?;
    let taken = records.table::<TakenAddress>();
    if !taken.list(records.scope(), &[id], None, 1).await?.records.is_empty() {
        return Err(error::dependency(format!("The subnet '{id}' has dependencies and cannot be deleted.")).into());
    }
    let mut txn = Txn::new();
    taken.require_none(&mut txn, records.scope(), &[id]);
    // What hangs on a subnet besides addresses is its association with a route table, which goes with it.
    for table in records.linked(id).await? {
        txn.push(Op::Delete {
            key: Table::<Link>::key(records.scope(), &[id, &table]),
        });
        if let Some(mut table) = records.find::<RouteTable>(&table).await? {
            table
                .record
                .associations
                .retain(|association| association.subnet.as_deref() != Some(id));
            records.stage_change(&mut txn, &table)?;
        }
    }
    records.stage_unlink(&mut txn, &subnet.record.vpc, id);
    records.stage_gone(&mut txn, &subnet);
    records.commit(txn).await?;
    Ok(())
}
