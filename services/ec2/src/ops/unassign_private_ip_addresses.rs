//! ec2:UnassignPrivateIpAddresses —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UnassignPrivateIpAddresses.html>

use api_ec2::UnassignPrivateIpAddressesRequest;
use api_ec2::op::UnassignPrivateIpAddresses;

use crate::interfaces::{manageable, parse_address, stage_released};
use crate::prelude::*;
use crate::records::Interface;

impl Handle<UnassignPrivateIpAddresses> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &UnassignPrivateIpAddressesRequest) -> Result<Needs> {
        self.peek(cx).needs_on::<Interface>(&input.network_interface_id).await
    }

    async fn handle(&self, cx: &Cx, input: UnassignPrivateIpAddressesRequest) -> Reply<UnassignPrivateIpAddresses> {
        let records = self.records(cx).await?;
        retrying!(unassign(cx, &records, &input))?;
        Ok(Empty {})
    }
}

async fn unassign(cx: &Cx, records: &Records, input: &UnassignPrivateIpAddressesRequest) -> Result<()> {
    let mut found = records.get::<Interface>(&input.network_interface_id).await?;
    manageable(cx, &found.record)?;
    let interface = &mut found.record;
    let mut txn = Txn::new();
    for text in input.private_ip_addresses.iter().flatten() {
        let address = parse_address(text)?;
        let at = interface.addresses.iter().position(|known| known.ip == address);
        match at {
            Some(0) => {
                return Err(error::invalid("The primary IP address of an interface cannot be unassigned").into());
            }
            Some(at)
                if interface
                    .addresses
                    .get(at)
                    .is_some_and(|known| known.association.is_none()) =>
            {
                interface.addresses.remove(at);
                stage_released(records, &mut txn, &interface.subnet, address);
            }
            Some(_) => return Err(error::invalid(format!("Address {address} has a public address")).into()),
            None => {
                return Err(error::invalid(format!(
                    "Some of the specified addresses are not assigned to interface {}",
                    interface.id
                ))
                .into());
            }
        }
    }
    records.stage_change(&mut txn, &found)?;
    records.commit(txn).await?;
    Ok(())
}
