//! ec2:DisassociateRouteTable —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateRouteTable.html>

use api_ec2::DisassociateRouteTableRequest;
use api_ec2::op::DisassociateRouteTable;

use crate::prelude::*;
use crate::records::{RouteTable, Subnet};
use crate::routes::{no_association, of_association};

impl Handle<DisassociateRouteTable> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DisassociateRouteTableRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let Some(table) = of_association(&records, &input.association_id).await? else {
            return records.needs_on::<RouteTable>("*").await;
        };
        let needs = records.needs_on::<RouteTable>(table.record.id()).await?;
        let known = table
            .record
            .associations
            .iter()
            .find(|known| known.id == input.association_id);
        match known.and_then(|known| known.subnet.as_ref()) {
            Some(subnet) => records.also_on::<Subnet>(needs, subnet).await,
            None => Ok(needs),
        }
    }

    async fn handle(&self, cx: &Cx, input: DisassociateRouteTableRequest) -> Reply<DisassociateRouteTable> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(disassociate(&records, &input.association_id))?;
        Ok(Empty {})
    }
}

async fn disassociate(records: &Records, id: &str) -> Result<()> {
    let mut table = of_association(records, id).await?.ok_or_else(|| no_association(id))?;
    let known = table.record.associations.iter().position(|known| known.id == id);
    let known = table
        .record
        .associations
        .remove(known.ok_or_else(|| no_association(id))?);
    let Some(subnet) = known.subnet else {
        return Err(error::invalid(format!("cannot disassociate the main route table association {id}")).into());
    };
    let mut txn = Txn::new();
    records.stage_unlink(&mut txn, &subnet, &table.record.id);
    records.stage_change(&mut txn, &table)?;
    records.commit(txn).await?;
    Ok(())
}
