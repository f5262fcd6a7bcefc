//! ec2:AssignPrivateIpAddresses —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignPrivateIpAddresses.html>

use api_ec2::op::AssignPrivateIpAddresses;
use api_ec2::{AssignPrivateIpAddressesRequest, AssignPrivateIpAddressesResult, AssignedPrivateIpAddress};

use crate::interfaces::{WantedAddresses, manageable, parse_address, stage_addresses};
use crate::prelude::*;
use crate::records::{Interface, PrivateAddress, Subnet};

impl Handle<AssignPrivateIpAddresses> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &AssignPrivateIpAddressesRequest) -> Result<Needs> {
        self.peek(cx).needs_on::<Interface>(&input.network_interface_id).await
    }

    async fn handle(&self, cx: &Cx, input: AssignPrivateIpAddressesRequest) -> Reply<AssignPrivateIpAddresses> {
        let records = self.records(cx).await?;
        retrying!(assign(cx, &records, &input))
    }
}

async fn assign(
    cx: &Cx,
    records: &Records,
    input: &AssignPrivateIpAddressesRequest,
) -> Reply<AssignPrivateIpAddresses> {
    let mut found = records.get::<Interface>(&input.network_interface_id).await?;
    manageable(cx, &found.record)?;
    if input.ipv4_prefix_count.is_some() || input.ipv4_prefixes.is_some() {
        return Err(error::unsupported("Prefix delegation is not supported.").into());
    }
    let mut wanted = WantedAddresses::default();
    for text in input.private_ip_addresses.iter().flatten() {
        wanted.given.push(parse_address(text)?);
    }
    let asked = input.secondary_private_ip_address_count.unwrap_or_default();
    wanted.more = usize::try_from(asked).map_err(|_| {
        error::invalid(format!(
            "Value ({asked}) for parameter secondaryPrivateIpAddressCount is invalid."
        ))
    })?;
    if wanted.given.is_empty() == (wanted.more == 0) {
        return Err(error::combination(
            "Exactly one of privateIpAddresses and secondaryPrivateIpAddressCount must be specified",
        )
        .into());
    }
    let subnet = records.get::<Subnet>(&found.record.subnet).await?.record;
    let has: Vec<_> = found.record.addresses.iter().map(|address| address.ip).collect();
    let mut txn = Txn::new();
    let added = stage_addresses(records, &mut txn, cx.ids(), &found.record.id, &subnet, &wanted, &has).await?;
    found.record.addresses.extend(added.iter().map(|ip| PrivateAddress {
        ip: *ip,
        association: None,
    }));
    records.stage_change(&mut txn, &found)?;
    records.commit(txn).await?;
    let shown = added.iter().map(|ip| AssignedPrivateIpAddress {
        private_ip_address: Some(ip.to_string()),
    });
    Ok(AssignPrivateIpAddressesResult {
        network_interface_id: Some(found.record.id.clone()),
        assigned_private_ip_addresses: Some(shown.collect()),
        assigned_ipv4_prefixes: None,
    })
}
