//! ec2:AttachInternetGateway — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachInternetGateway.html>

use api_ec2::AttachInternetGatewayRequest;
use api_ec2::op::AttachInternetGateway;
use roadstead_store::{Guard, Table};

use crate::prelude::*;
use crate::records::{InternetGateway, Vpc};
use crate::routes::stage_target;

impl Handle<AttachInternetGateway> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &AttachInternetGatewayRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let needs = records.needs_on::<InternetGateway>(&input.internet_gateway_id).await?;
        records.also_on::<Vpc>(needs, &input.vpc_id).await
    }

    async fn handle(&self, cx: &Cx, input: AttachInternetGatewayRequest) -> Reply<AttachInternetGateway> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(attach(&records, &input.internet_gateway_id, &input.vpc_id))?;
        Ok(Empty {})
    }
}

async fn attach(records: &Records, id: &str, vpc: &str) -> Result<()> {
    records.get::<InternetGateway>(id).await?;
    records.get::<Vpc>(vpc).await?;
    let all = records
        .table::<InternetGateway>()
        .list(records.scope(), &[], None, usize::MAX)
        .await?;
    let revision = all.revision;
    let other = all
        .records
        .iter()
        .any(|known| known.record.id != id && known.record.vpc.as_deref() == Some(vpc));
    let gateway = all.records.into_iter().find(|known| known.record.id == id);
    let mut gateway = gateway.ok_or_else(|| InternetGateway::missing(id))?;
    if let Some(known) = &gateway.record.vpc {
        let message = format!("resource {id} is already attached to network {known}");
        return Err(error::client("Resource.AlreadyAssociated", message).into());
    }
    if other {
        return Err(error::invalid(format!("Network {vpc} already has an internet gateway attached")).into());
    }
    gateway.record.vpc = Some(vpc.to_owned());
    let mut txn = Txn::new();
    let prefix = Table::<InternetGateway>::prefix(records.scope(), &[]);
    txn.push_guard(Guard::Unwritten {
        prefix,
        since: revision,
    });
    records.require::<Vpc>(&mut txn, vpc);
    records.stage_link(&mut txn, vpc, id)?;
    stage_target(records, &mut txn, vpc, id, false).await?;
    records.stage_change(&mut txn, &gateway)?;
    records.commit(txn).await?;
    Ok(())
}
