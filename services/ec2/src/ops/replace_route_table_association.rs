//! ec2:ReplaceRouteTableAssociation —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRouteTableAssociation.html>

use api_ec2::op::ReplaceRouteTableAssociation;
use api_ec2::{ReplaceRouteTableAssociationRequest, ReplaceRouteTableAssociationResult};

use crate::prelude::*;
use crate::records::{RouteAssociation, RouteTable, Vpc, associated};
use crate::routes::{no_association, of_association};

impl Handle<ReplaceRouteTableAssociation> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &ReplaceRouteTableAssociationRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let needs = records.needs_on::<RouteTable>(&input.route_table_id).await?;
        match of_association(&records, &input.association_id).await? {
            Some(table) if table.record.id() != input.route_table_id => {
                records.also_on::<RouteTable>(needs, table.record.id()).await
            }
            _ => Ok(needs),
        }
    }

    async fn handle(&self, cx: &Cx, input: ReplaceRouteTableAssociationRequest) -> Reply<ReplaceRouteTableAssociation> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let id = retrying!(replace(cx, &records, &input))?;
        Ok(ReplaceRouteTableAssociationResult {
            new_association_id: Some(id),
            association_state: Some(associated()),
        })
    }
}

async fn replace(cx: &Cx, records: &Records, input: &ReplaceRouteTableAssociationRequest) -> Result<String> {
    let (id, to) = (&input.association_id, &input.route_table_id);
    let mut old = of_association(records, id).await?.ok_or_else(|| no_association(id))?;
    let mut new = records.get::<RouteTable>(to).await?;
    if new.record.vpc != old.record.vpc {
        let message = format!("route table {to} and the association {id} belong to different networks");
        return Err(error::invalid(message).into());
    }
    if new.record.id == old.record.id {
        return Ok(id.clone());
    }
    let at = old.record.associations.iter().position(|known| known.id == *id);
    let known = old.record.associations.remove(at.ok_or_else(|| no_association(id))?);
    let association = cx.ids().ec2("rtbassoc");
    new.record.associations.push(RouteAssociation {
        id: association.clone(),
        subnet: known.subnet.clone(),
    });
    let mut txn = Txn::new();
    match &known.subnet {
        Some(subnet) => {
            records.stage_unlink(&mut txn, subnet, &old.record.id);
            records.stage_link(&mut txn, subnet, &new.record.id)?;
        }
        // The other table is the main one from now on; what was it can be deleted, and holds its VPC.
        None => {
            let mut vpc = records.get::<Vpc>(&old.record.vpc).await?;
            vpc.record.main_route_table.clone_from(&new.record.id);
            records.stage_change(&mut txn, &vpc)?;
            records.stage_unlink(&mut txn, &vpc.record.id, &new.record.id);
            records.stage_link(&mut txn, &vpc.record.id, &old.record.id)?;
        }
    }
    records.stage_change(&mut txn, &old)?;
    records.stage_change(&mut txn, &new)?;
    records.commit(txn).await?;
    Ok(association)
}
