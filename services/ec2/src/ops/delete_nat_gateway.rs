//! ec2:DeleteNatGateway — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNatGateway.html>

use api_ec2::op::DeleteNatGateway;
use api_ec2::{DeleteNatGatewayRequest, DeleteNatGatewayResult};

use super::create_nat_gateway::CREATE;
use crate::interfaces::{self, whole};
use crate::prelude::*;
use crate::records::{Interface, NatGateway};
use crate::{idempotency, routes};

impl Handle<DeleteNatGateway> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DeleteNatGatewayRequest) -> Result<Needs> {
        self.peek(cx).needs_on::<NatGateway>(&input.nat_gateway_id).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteNatGatewayRequest) -> Reply<DeleteNatGateway> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(delete(cx, &records, &input.nat_gateway_id))?;
        Ok(DeleteNatGatewayResult {
            nat_gateway_id: Some(input.nat_gateway_id),
        })
    }
}

async fn delete(cx: &Cx, records: &Records, id: &str) -> Result<()> {
    let mut gateway = records.get::<NatGateway>(id).await?;
    if gateway.record.is_over(cx.now()) {
        return Err(NatGateway::missing(id).into());
    }
    if gateway.record.deleted.is_some() {
        return Ok(());
    }
    let mut txn = Txn::new();
    if let Some(interface) = gateway.record.interface.take()
        && let Some(interface) = records.find::<Interface>(&interface).await?
    {
        interfaces::stage_gone(records, &mut txn, &interface).await?;
    }
    routes::stage_target(records, &mut txn, &gateway.record.vpc, id, true).await?;
    idempotency::stage_gone(records, &mut txn, CREATE, gateway.record.client_token.take().as_deref());
    gateway.record.deleted = Some(whole(cx.now()));
    gateway.record.association = None;
    records.stage_change(&mut txn, &gateway)?;
    records.commit(txn).await?;
    Ok(())
}
