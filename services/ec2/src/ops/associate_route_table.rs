//! ec2:AssociateRouteTable — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateRouteTable.html>

use api_ec2::op::AssociateRouteTable;
use api_ec2::{AssociateRouteTableRequest, AssociateRouteTableResult};

use crate::prelude::*;
use crate::records::{RouteAssociation, RouteTable, Subnet, associated};

impl Handle<AssociateRouteTable> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &AssociateRouteTableRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let needs = records.needs_on::<RouteTable>(&input.route_table_id).await?;
        match &input.subnet_id {
            Some(subnet) => records.also_on::<Subnet>(needs, subnet).await,
            None => Ok(needs),
        }
    }

    async fn handle(&self, cx: &Cx, input: AssociateRouteTableRequest) -> Reply<AssociateRouteTable> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let id = retrying!(associate(cx, &records, &input))?;
        Ok(AssociateRouteTableResult {
            association_id: Some(id),
            association_state: Some(associated()),
        })
    }
}

async fn associate(cx: &Cx, records: &Records, input: &AssociateRouteTableRequest) -> Result<String> {
    let id = &input.route_table_id;
    let mut table = records.get::<RouteTable>(id).await?;
    if input.gateway_id.is_some() || input.public_ipv4_pool.is_some() {
        return Err(error::unsupported("Only subnets can be associated with a route table.").into());
    }
    let subnet = input.subnet_id.as_deref().ok_or_else(|| error::missing("subnetId"))?;
    let subnet = records.get::<Subnet>(subnet).await?.record;
    if subnet.vpc != table.record.vpc {
        let message = format!("Route table {id} and subnet {} belong to different networks", subnet.id);
        return Err(error::invalid(message).into());
    }
    let same = table
        .record
        .associations
        .iter()
        .find(|known| known.subnet.as_deref() == Some(&subnet.id));
    if let Some(known) = same {
        return Ok(known.id.clone());
    }
    if !records.linked(&subnet.id).await?.is_empty() {
        return Err(error::client(
            "Resource.AlreadyAssociated",
            format!("the specified association for route table {id} conflicts with an existing association"),
        )
        .into());
    }
    let association = cx.ids().ec2("rtbassoc");
    table.record.associations.push(RouteAssociation {
        id: association.clone(),
        subnet: Some(subnet.id.clone()),
    });
    let mut txn = Txn::new();
    records.require_unlinked(&mut txn, &subnet.id);
    records.require::<Subnet>(&mut txn, &subnet.id);
    records.stage_link(&mut txn, &subnet.id, id)?;
    records.stage_change(&mut txn, &table)?;
    records.commit(txn).await?;
    Ok(association)
}
