//! ec2:DisassociateAddress — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateAddress.html>

use api_ec2::DisassociateAddressRequest;
use api_ec2::op::DisassociateAddress;
use roadstead_store::Versioned;

use crate::elastic;
use crate::prelude::*;
use crate::records::{ElasticIp, Interface};
use crate::routes::no_association;

impl Handle<DisassociateAddress> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DisassociateAddressRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let Ok(found) = find(&records, input).await else {
            return records.needs_on::<ElasticIp>("*").await;
        };
        let needs = records.needs_on::<ElasticIp>(found.record.id()).await?;
        match &found.record.used {
            Some(used) => records.also_on::<Interface>(needs, &used.interface).await,
            None => Ok(needs),
        }
    }

    async fn handle(&self, cx: &Cx, input: DisassociateAddressRequest) -> Reply<DisassociateAddress> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(disassociate(&records, &input))?;
        Ok(Empty {})
    }
}

async fn find(records: &Records, input: &DisassociateAddressRequest) -> Result<Versioned<ElasticIp>> {
    match &input.association_id {
        Some(id) => elastic::of_association(records, id)
            .await?
            .ok_or_else(|| no_association(id).into()),
        None => elastic::named(records, None, input.public_ip.as_deref()).await,
    }
}

async fn disassociate(records: &Records, input: &DisassociateAddressRequest) -> Result<()> {
    let mut found = find(records, input).await?;
    if found.record.used.as_ref().is_some_and(|used| used.managed) {
        return Err(error::managed_by_service().into());
    }
    let mut txn = Txn::new();
    elastic::stage_taken_away(records, &mut txn, &mut found).await?;
    records.commit(txn).await?;
    Ok(())
}
