//! ec2:DeleteVpc — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html>

use api_ec2::DeleteVpcRequest;
use api_ec2::op::DeleteVpc;

use crate::prelude::*;
use crate::records::{Acl, Group, RouteTable, Vpc};

impl Handle<DeleteVpc> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DeleteVpcRequest) -> Result<Needs> {
        self.peek(cx).needs_on::<Vpc>(&input.vpc_id).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteVpcRequest) -> Reply<DeleteVpc> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(delete(&records, &input.vpc_id))?;
        Ok(Empty {})
    }
}

async fn delete(records: &Records, id: &str) -> Result<()> {
    let vpc = records.get::<Vpc>(id).await?;
    let group = &vpc.record.default_group;
    if !records.linked(id).await?.is_empty() || !records.linked(group).await?.is_empty() {
        return Err(error::dependency(format!("The vpc '{id}' has dependencies and cannot be deleted.")).into());
    }
    let mut txn = Txn::new();
    records.require_unlinked(&mut txn, id);
    records.require_unlinked(&mut txn, group);
    // What a VPC has from the start goes with it.
    if let Some(table) = records.find::<RouteTable>(&vpc.record.main_route_table).await? {
        records.stage_gone(&mut txn, &table);
    }
    if let Some(acl) = records.find::<Acl>(&vpc.record.default_acl).await? {
        records.stage_gone(&mut txn, &acl);
    }
    if let Some(group) = records.find::<Group>(group).await? {
        records.stage_gone(&mut txn, &group);
    }
    records.stage_gone(&mut txn, &vpc);
    records.commit(txn).await?;
    Ok(())
}
