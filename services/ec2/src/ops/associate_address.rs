//! ec2:AssociateAddress — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html>

use api_ec2::op::AssociateAddress;
use api_ec2::{AssociateAddressRequest, AssociateAddressResult};

use crate::elastic;
use crate::interfaces::{manageable, parse_address};
use crate::prelude::*;
use crate::records::{ElasticIp, Interface};

impl Handle<AssociateAddress> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &AssociateAddressRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let needs = elastic::needs(&records, input.allocation_id.as_deref(), input.public_ip.as_deref()).await?;
        match &input.network_interface_id {
            Some(interface) => records.also_on::<Interface>(needs, interface).await,
            None => Ok(needs),
        }
    }

    async fn handle(&self, cx: &Cx, input: AssociateAddressRequest) -> Reply<AssociateAddress> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let id = retrying!(associate(cx, &records, &input))?;
        Ok(AssociateAddressResult {
            association_id: Some(id),
        })
    }
}

async fn associate(cx: &Cx, records: &Records, input: &AssociateAddressRequest) -> Result<String> {
    let mut found = elastic::named(records, input.allocation_id.as_deref(), input.public_ip.as_deref()).await?;
    if let Some(instance) = &input.instance_id {
        return Err(error::no_instance(instance).into());
    }
    let id = input
        .network_interface_id
        .as_deref()
        .ok_or_else(|| error::missing("networkInterfaceId"))?;
    let mut interface = records.get::<Interface>(id).await?;
    manageable(cx, &interface.record)?;
    let vpc = &interface.record.vpc;
    if !elastic::has_internet(records, vpc).await? {
        let message = format!("Network {vpc} is not attached to any internet gateway");
        return Err(error::client("Gateway.NotAttached", message).into());
    }
    let private_ip = match &input.private_ip_address {
        Some(text) => parse_address(text)?,
        None => interface
            .record
            .primary()
            .map(|address| address.ip)
            .ok_or_else(|| Fault::internal("no address"))?,
    };
    let Some(address) = interface
        .record
        .addresses
        .iter()
        .find(|address| address.ip == private_ip)
    else {
        return Err(error::invalid(format!("Address {private_ip} is not assigned to interface {id}")).into());
    };
    let mut txn = Txn::new();
    let again = input.allow_reassociation != Some(false);
    let before = address.association.clone();
    if let Some(other) = &before {
        let same = other.allocation.as_deref() == Some(found.record.id());
        if same {
            return Ok(other.id.clone().unwrap_or_default());
        }
        if !again {
            let message = format!("resource {id} is already associated with address {}", other.public_ip);
            return Err(error::client("Resource.AlreadyAssociated", message).into());
        }
        if let Some(allocation) = &other.allocation
            && let Some(mut other) = records.find::<ElasticIp>(allocation).await?
        {
            other.record.used = None;
            records.stage_change(&mut txn, &other)?;
        }
    }
    if let Some(used) = &found.record.used {
        if used.managed {
            return Err(error::managed_by_service().into());
        }
        if !again {
            let message = format!(
                "resource {} is already associated with {}",
                found.record.id, used.association
            );
            return Err(error::client("Resource.AlreadyAssociated", message).into());
        }
        if used.interface == interface.record.id {
            let old = used.private_ip;
            interface
                .record
                .addresses
                .iter_mut()
                .filter(|a| a.ip == old)
                .for_each(|a| a.association = None);
        } else if let Some(mut other) = records.find::<Interface>(&used.interface).await? {
            let old = used.private_ip;
            other
                .record
                .addresses
                .iter_mut()
                .filter(|a| a.ip == old)
                .for_each(|a| a.association = None);
            records.stage_change(&mut txn, &other)?;
        }
    }
    let association = cx.ids().ec2("eipassoc");
    elastic::put_before(
        records,
        &mut found.record,
        &mut interface.record,
        private_ip,
        association.clone(),
    );
    records.stage_change(&mut txn, &found)?;
    records.stage_change(&mut txn, &interface)?;
    records.commit(txn).await?;
    Ok(association)
}
