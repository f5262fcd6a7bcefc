//! ec2:DetachInternetGateway — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachInternetGateway.html>

use api_ec2::DetachInternetGatewayRequest;
use api_ec2::op::DetachInternetGateway;

use crate::prelude::*;
use crate::records::{ElasticIp, Interface, InternetGateway, Vpc};
use crate::routes::stage_target;

impl Handle<DetachInternetGateway> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DetachInternetGatewayRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let needs = records.needs_on::<InternetGateway>(&input.internet_gateway_id).await?;
        records.also_on::<Vpc>(needs, &input.vpc_id).await
    }

    async fn handle(&self, cx: &Cx, input: DetachInternetGatewayRequest) -> Reply<DetachInternetGateway> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(detach(&records, &input.internet_gateway_id, &input.vpc_id))?;
        Ok(Empty {})
    }
}

async fn detach(records: &Records, id: &str, vpc: &str) -> Result<()> {
    let mut gateway = records.get::<InternetGateway>(id).await?;
    if gateway.record.vpc.as_deref() != Some(vpc) {
        let message = format!("resource {id} is not attached to network {vpc}");
        return Err(error::client("Gateway.NotAttached", message).into());
    }
    let mut txn = Txn::new();
    for elastic in records.table::<ElasticIp>().list_all(records.scope()).await? {
        let Some(used) = &elastic.record.used else { continue };
        let interface = records.find::<Interface>(&used.interface).await?;
        if interface.is_some_and(|interface| interface.record.vpc == vpc) {
            return Err(error::dependency(format!(
                "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before \
                 detaching the gateway."
            ))
            .into());
        }
    }
    gateway.record.vpc = None;
    records.stage_unlink(&mut txn, vpc, id);
    stage_target(records, &mut txn, vpc, id, true).await?;
    records.stage_change(&mut txn, &gateway)?;
    records.commit(txn).await?;
    Ok(())
}
