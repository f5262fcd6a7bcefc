//! ec2:CreateNetworkInterface —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkInterface.html>

use api_ec2::op::CreateNetworkInterface;
use api_ec2::{CreateNetworkInterfaceRequest, CreateNetworkInterfaceResult, NetworkInterfaceStatus};

use roadstead_kernel::Aside;

use crate::interfaces::{self, Wanted, WantedAddresses};
use crate::prelude::*;
use crate::records::{Group, Interface, Subnet};
use crate::{idempotency, interfaces::CREATE};

impl Handle<CreateNetworkInterface> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &CreateNetworkInterfaceRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let tags = tags::wanted(input.tag_specifications.as_deref(), Interface::KIND);
        let mut needs = records.needs_new::<Interface>(CREATE, &tags);
        needs = records.also_on::<Subnet>(needs, &input.subnet_id).await?;
        for group in input.groups.iter().flatten() {
            needs = records.also_on::<Group>(needs, group).await?;
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: CreateNetworkInterfaceRequest) -> Reply<CreateNetworkInterface> {
        refuse_unknown(&input)?;
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let mut interface = [retrying!(create(cx, &records, &input))?];
        interfaces::with_names(&records, &mut interface).await?;
        let [interface] = interface;
        let mut shown = interface.to_api(cx.place());
        // AWS: what was just made shows as pending and not attached yet (recorded).
        shown.status = Some(NetworkInterfaceStatus::from("pending"));
        shown.attachment = None;
        Ok(CreateNetworkInterfaceResult {
            network_interface: Some(shown),
            client_token: input.client_token,
        })
    }
}

async fn create(cx: &Cx, records: &Records, input: &CreateNetworkInterfaceRequest) -> Result<Interface> {
    let token = input.client_token.as_deref().filter(|token| !token.is_empty());
    let request = fingerprint(input);
    if let Some(made) = idempotency::made(records, CREATE, token, &request).await? {
        return Ok(records.get::<Interface>(&made).await?.record);
    }
    let subnet = records.get::<Subnet>(&input.subnet_id).await?.record;
    let groups = interfaces::groups(records, &subnet.vpc, input.groups.as_deref()).await?;
    let description = input.description.clone().unwrap_or_default();
    let requester = interfaces::requester(cx);
    let attachment = interfaces::attachment(cx, requester.as_ref(), &description);
    let wanted = Wanted {
        subnet,
        groups,
        description,
        kind: "interface",
        addresses: addresses(input)?,
        // AWS: recorded; ECS gets it for a task without a parameter of this call.
        public: cx.origin().aside == Some(Aside::PublicAddress) && requester.is_some(),
        requester,
        attachment,
        client_token: token.map(str::to_owned),
        tags: tags::of_create(cx, input.tag_specifications.as_deref(), Interface::KIND)?,
    };
    let mut txn = Txn::new();
    let interface = interfaces::stage_new(records, &mut txn, cx.ids(), wanted).await?;
    idempotency::stage(records, &mut txn, CREATE, token, &request, &interface.id)?;
    records.commit(txn).await?;
    Ok(interface)
}

/// The private addresses asked for; one that is chosen by EC2 when none is given.
fn addresses(input: &CreateNetworkInterfaceRequest) -> Result<WantedAddresses> {
    let mut primary = input
        .private_ip_address
        .as_deref()
        .map(interfaces::parse_address)
        .transpose()?;
    let mut others = Vec::new();
    for given in input.private_ip_addresses.iter().flatten() {
        let Some(text) = given.private_ip_address.as_deref() else {
            continue;
        };
        let address = interfaces::parse_address(text)?;
        match (given.primary, primary) {
            (Some(true), Some(known)) if known != address => {
                return Err(error::combination("Only one primary private IP address can be specified.").into());
            }
            (Some(true), _) => primary = Some(address),
            _ => others.push(address),
        }
    }
    if let Some(primary) = primary {
        others.retain(|other| *other != primary);
        others.insert(0, primary);
    }
    let asked = input.secondary_private_ip_address_count.unwrap_or_default();
    let secondary = usize::try_from(asked).map_err(|_| {
        error::invalid(format!(
            "Value ({asked}) for parameter secondaryPrivateIpAddressCount is invalid."
        ))
    })?;
    if secondary > 0
        && input
            .private_ip_addresses
            .as_ref()
            .is_some_and(|given| !given.is_empty())
    {
        return Err(error::combination(
            "The parameter secondaryPrivateIpAddressCount may not be used with privateIpAddresses",
        )
        .into());
    }
    let more = secondary + usize::from(others.is_empty());
    Ok(WantedAddresses { given: others, more })
}

/// What must be equal for two requests with one token to be the same.
fn fingerprint(input: &CreateNetworkInterfaceRequest) -> String {
    let given = input
        .private_ip_addresses
        .iter()
        .flatten()
        .map(|a| (a.primary, a.private_ip_address.as_deref()));
    format!(
        "{:?}",
        (
            &input.subnet_id,
            &input.description,
            &input.groups,
            &input.private_ip_address,
            given.collect::<Vec<_>>(),
            input.secondary_private_ip_address_count,
        )
    )
}

/// Refuses what an interface here cannot have, instead of leaving it out.
fn refuse_unknown(input: &CreateNetworkInterfaceRequest) -> Result<()> {
    let asks_v6 = input.ipv6_address_count.is_some_and(|count| count > 0)
        || input.ipv6_addresses.as_ref().is_some_and(|given| !given.is_empty())
        || input.ipv6_prefix_count.is_some_and(|count| count > 0)
        || input.ipv6_prefixes.as_ref().is_some_and(|given| !given.is_empty());
    if asks_v6 {
        let subnet = &input.subnet_id;
        return Err(error::invalid(format!("The subnet '{subnet}' does not have an IPv6 CIDR block.")).into());
    }
    let asks_prefixes = input.ipv4_prefix_count.is_some_and(|count| count > 0)
        || input.ipv4_prefixes.as_ref().is_some_and(|given| !given.is_empty());
    if asks_prefixes {
        return Err(error::unsupported("Prefix delegation is not supported.").into());
    }
    match &input.interface_type {
        Some(kind) if kind.as_str() != "interface" => {
            Err(error::unsupported(format!("Interfaces of type '{kind}' are not supported.")).into())
        }
        _ => Ok(()),
    }
}
