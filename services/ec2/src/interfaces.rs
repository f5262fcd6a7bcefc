//! Making, changing and unmaking interfaces, their addresses allocated in the same transaction.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use roadstead_core::{Arn, Ids, Tags, Timestamp};
use roadstead_kernel::{Cx, Result};
use roadstead_store::{Op, Range, Table, Txn, Versioned, ordered};

use crate::derived::service_account;
use crate::error::{client, invalid, managed_by_service};
use crate::records::{
    Association, Attachment, ElasticIp, Group, GroupRef, Interface, InterfacePermission, PrivateAddress, Records,
    Requester, Resource, Subnet, TakenAddress, Vpc,
};
use crate::{address, elastic, idempotency, routes};

/// The operation that tokens of interfaces belong to.
pub const CREATE: &str = "CreateNetworkInterface";
/// The service whose tasks' interfaces are attached from the moment they are made.
const ECS: &str = "ecs.amazonaws.com";
/// The service of load balancers; it shows under this name instead of an account.
const ELB: &str = "elasticloadbalancing.amazonaws.com";
const ELB_NAME: &str = "amazon-elb";
/// Whose the public addresses are that are no elastic IPs.
const AMAZON: &str = "amazon";
/// Most security groups of an interface.
const MAX_GROUPS: usize = 5;
/// How many random addresses are tried before a gap between those that are taken is looked for.
const PROBES: usize = 8;
/// How many taken addresses are read at once.
const AT_ONCE: usize = 64;

/// What an interface shall be.
pub struct Wanted {
    /// The subnet.
    pub subnet: Subnet,
    /// The security groups, each known to exist and to be of the VPC.
    pub groups: Vec<GroupRef>,
    /// The description.
    pub description: String,
    /// `interface` or `nat_gateway`.
    pub kind: &'static str,
    /// The addresses.
    pub addresses: WantedAddresses,
    /// Whether a public address stands before the primary one, for as long as the interface is there.
    pub public: bool,
    /// The service that manages it.
    pub requester: Option<Requester>,
    /// What it is attached to from the start.
    pub attachment: Option<Attachment>,
    /// The token of the request.
    pub client_token: Option<String>,
    /// The tags.
    pub tags: Tags,
}

/// Which private addresses an interface shall have.
#[derive(Clone, Debug, Default)]
pub struct WantedAddresses {
    /// These, the first one first.
    pub given: Vec<Ipv4Addr>,
    /// And so many more.
    pub more: usize,
}

/// Adds a new interface to a transaction, its addresses, and what it hangs on.
pub async fn stage_new(records: &Records, txn: &mut Txn, ids: &Ids, wanted: Wanted) -> Result<Interface> {
    let interface = stage_parts(records, txn, ids, wanted).await?;
    records.stage_new(txn, &interface)?;
    Ok(interface)
}

/// The same without the interface itself, which may still change before it is added.
pub async fn stage_parts(records: &Records, txn: &mut Txn, ids: &Ids, wanted: Wanted) -> Result<Interface> {
    let id = ids.ec2("eni");
    let addresses = stage_addresses(records, txn, ids, &id, &wanted.subnet, &wanted.addresses, &[]).await?;
    let mut addresses: Vec<_> = addresses
        .into_iter()
        .map(|ip| PrivateAddress { ip, association: None })
        .collect();
    if let Some(primary) = addresses.first_mut().filter(|_| wanted.public) {
        primary.association = Some(Association {
            public_ip: elastic::stage_drawn(records, txn, ids, &id).await?,
            owner: AMAZON.to_owned(),
            allocation: None,
            id: None,
        });
    }
    let interface = Interface {
        id,
        subnet: wanted.subnet.id.clone(),
        vpc: wanted.subnet.vpc.clone(),
        zone: wanted.subnet.zone.clone(),
        description: wanted.description,
        mac: mac(ids),
        addresses,
        groups: wanted.groups,
        source_dest_check: true,
        kind: wanted.kind.to_owned(),
        requester: wanted.requester,
        attachment: wanted.attachment,
        client_token: wanted.client_token,
        tags: wanted.tags,
        named: false,
    };
    for group in &interface.groups {
        records.require::<Group>(txn, &group.id);
        records.stage_link(txn, &group.id, &interface.id)?;
    }
    stage_attachment(records, txn, &interface)?;
    Ok(interface)
}

fn stage_attachment(records: &Records, txn: &mut Txn, interface: &Interface) -> Result<()> {
    match &interface.attachment {
        Some(attachment) => records.stage_link(txn, &attachment.id, &interface.id),
        None => Ok(()),
    }
}

/// Adds to a transaction: the interface takes these addresses of the subnet, none of which anybody has.
pub async fn stage_addresses(
    records: &Records,
    txn: &mut Txn,
    ids: &Ids,
    interface: &str,
    subnet: &Subnet,
    wanted: &WantedAddresses,
    has: &[Ipv4Addr],
) -> Result<Vec<Ipv4Addr>> {
    let table = records.table::<TakenAddress>();
    let mut chosen: Vec<Ipv4Addr> = Vec::with_capacity(wanted.given.len() + wanted.more);
    for address in &wanted.given {
        if !subnet.block.contains(*address) {
            return Err(invalid("Address does not fall within the subnet's address range").into());
        }
        if subnet.block.is_reserved(*address) {
            return Err(invalid("Address is in subnet's reserved address range").into());
        }
        let taken = table
            .get(records.scope(), &address_key(&subnet.id, *address).each())
            .await?;
        if taken.is_some() || chosen.contains(address) || has.contains(address) {
            return Err(client("InvalidIPAddress.InUse", format!("Address {address} is in use.")).into());
        }
        chosen.push(*address);
    }
    while chosen.len() < wanted.given.len() + wanted.more {
        chosen.push(free_address(records, ids, subnet, &chosen).await?);
    }
    let taken = TakenAddress {
        interface: interface.to_owned(),
    };
    for address in &chosen {
        table.stage_new(txn, records.scope(), &address_key(&subnet.id, *address).each(), &taken)?;
    }
    records.require::<Subnet>(txn, &subnet.id);
    Ok(chosen)
}

/// A random free address: tried a few times, then the first one that is free from a random one on, round the subnet.
async fn free_address(records: &Records, ids: &Ids, subnet: &Subnet, chosen: &[Ipv4Addr]) -> Result<Ipv4Addr> {
    let table = records.table::<TakenAddress>();
    let draw = || subnet.block.draw(u64::from_le_bytes(ids.bytes()));
    for address in std::iter::repeat_with(draw).take(PROBES).flatten() {
        let free = table
            .get(records.scope(), &address_key(&subnet.id, address).each())
            .await?
            .is_none();
        if free && !chosen.contains(&address) {
            return Ok(address);
        }
    }
    for from in [draw(), subnet.block.draw(0)].into_iter().flatten() {
        if let Some(address) = next_free(records, subnet, from, chosen).await? {
            return Ok(address);
        }
    }
    Err(client(
        "InsufficientFreeAddressesInSubnet",
        "The specified subnet does not have enough free addresses to satisfy the request.",
    )
    .into())
}

/// The first free address of the subnet from this one on; costs as many reads as there are taken ones between.
async fn next_free(
    records: &Records,
    subnet: &Subnet,
    from: Ipv4Addr,
    chosen: &[Ipv4Addr],
) -> Result<Option<Ipv4Addr>> {
    let table = records.table::<TakenAddress>();
    let prefix = Table::<TakenAddress>::prefix(records.scope(), &[&subnet.id]);
    let mut next = u32::from(from);
    loop {
        let before = address_key(&subnet.id, Ipv4Addr::from(next.saturating_sub(1)));
        let range = Range::prefix(prefix.clone())
            .after(&Table::<TakenAddress>::key(records.scope(), &before.each()))
            .limit(AT_ONCE);
        let (entries, _) = table.store().range(range).await?;
        let taken = entries.iter().filter_map(|entry| taken_address(&entry.key));
        let (free, is_gap) = address::gap(next, taken, |address| chosen.contains(&address.into()));
        if is_gap || entries.len() < AT_ONCE {
            let free = Ipv4Addr::from(free);
            let usable = subnet.block.contains(free) && !subnet.block.is_reserved(free);
            return Ok(Some(free).filter(|_| usable));
        }
        next = free;
    }
}

fn taken_address(key: &[u8]) -> Option<u32> {
    let parts = Table::<TakenAddress>::parse_key(key)?;
    parts.id.get(1)?.parse().ok()
}

/// The id of a taken address: its subnet, and the address so that it sorts by size.
struct AddressKey(String, String);

fn address_key(subnet: &str, address: Ipv4Addr) -> AddressKey {
    AddressKey(subnet.to_owned(), ordered(u64::from(u32::from(address))))
}

impl AddressKey {
    fn each(&self) -> [&str; 2] {
        [&self.0, &self.1]
    }
}

/// Adds to a transaction: the interface no longer has the address.
pub fn stage_released(records: &Records, txn: &mut Txn, subnet: &str, address: Ipv4Addr) {
    let key = Table::<TakenAddress>::key(records.scope(), &address_key(subnet, address).each());
    txn.push(Op::Delete { key });
}

/// Adds to a transaction: the interface goes, with everything that belongs to it.
pub async fn stage_gone(records: &Records, txn: &mut Txn, gone: &Versioned<Interface>) -> Result<()> {
    let interface = &gone.record;
    for address in &interface.addresses {
        stage_released(records, txn, &interface.subnet, address.ip);
        let Some(association) = &address.association else {
            continue;
        };
        match &association.allocation {
            None => elastic::stage_returned(txn, association.public_ip),
            Some(allocation) => {
                if let Some(mut elastic) = records.find::<ElasticIp>(allocation).await? {
                    elastic.record.used = None;
                    records.stage_change(txn, &elastic)?;
                }
            }
        }
    }
    for group in &interface.groups {
        records.stage_unlink(txn, &group.id, &interface.id);
    }
    if let Some(attachment) = &interface.attachment {
        stage_detached(records, txn, interface, attachment);
    }
    for permission in records.linked(&interface.id).await? {
        records.stage_unlink(txn, &interface.id, &permission);
        txn.push(Op::Delete {
            key: Table::<InterfacePermission>::key(records.scope(), &[&permission]),
        });
    }
    if interface.requester.is_none() {
        routes::stage_target(records, txn, &interface.vpc, &interface.id, true).await?;
    }
    idempotency::stage_gone(records, txn, CREATE, interface.client_token.as_deref());
    records.stage_gone(txn, gone);
    Ok(())
}

/// Adds to a transaction: the attachment can no longer be found.
pub fn stage_detached(records: &Records, txn: &mut Txn, interface: &Interface, attachment: &Attachment) {
    records.stage_unlink(txn, &attachment.id, &interface.id);
    if let Some(instance) = &attachment.instance {
        records.stage_unlink(txn, instance, &device(attachment.device_index));
    }
}

/// How an instance's place for an interface is called in links.
pub fn device(index: i32) -> String {
    format!("device-{index}")
}

/// The interface with the attachment.
pub async fn of_attachment(records: &Records, attachment: &str) -> Result<Option<Versioned<Interface>>> {
    match records.linked(attachment).await?.first() {
        Some(id) => records.find::<Interface>(id).await,
        None => Ok(None),
    }
}

/// A hardware address that is locally administered and no multicast one.
fn mac(ids: &Ids) -> String {
    let drawn: [u8; 5] = ids.bytes();
    drawn
        .iter()
        .fold("02".to_owned(), |text, byte| format!("{text}:{byte:02x}"))
}

/// The service that an interface made by the caller belongs to; none for a user's.
pub fn requester(cx: &Cx) -> Option<Requester> {
    let service = cx.caller().linked_service()?;
    let id = match service {
        ELB => ELB_NAME.to_owned(),
        _ => service_account(cx.place(), service, "requester"),
    };
    Some(Requester {
        service: service.to_owned(),
        id,
    })
}

/// What an interface made by a service is attached to from the start.
///
/// AWS attaches a task's interface from an account of its own, and no call of that is seen in the customer's account
/// (recorded); so an interface that ECS makes for a task's attachment is in use as soon as it is there.
pub fn attachment(cx: &Cx, requester: Option<&Requester>, description: &str) -> Option<Attachment> {
    let requester = requester?;
    let owner = match requester.service.as_str() {
        ECS if is_task_attachment(description) => service_account(cx.place(), ECS, "instances"),
        ELB if description.starts_with("ELB ") => ELB_NAME.to_owned(),
        _ => return None,
    };
    Some(Attachment {
        id: cx.ids().ec2("eni-attach"),
        instance: None,
        instance_owner: owner,
        device_index: 1,
        delete_on_termination: false,
        since: whole(cx.now()),
    })
}

fn is_task_attachment(description: &str) -> bool {
    Arn::parse(description)
        .is_some_and(|arn| arn.service == "ecs" && arn.typed_resource().is_some_and(|(kind, _)| kind == "attachment"))
}

/// EC2 keeps instants in whole seconds.
pub fn whole(now: Timestamp) -> Timestamp {
    now.cut_to_secs()
}

/// The security groups of a new or changed interface: the given ones, or the VPC's default one.
pub async fn groups(records: &Records, vpc: &str, given: Option<&[String]>) -> Result<Vec<GroupRef>> {
    let given: Vec<String> = match given {
        Some(given) if !given.is_empty() => given.to_vec(),
        _ => vec![records.get::<Vpc>(vpc).await?.record.default_group],
    };
    let mut groups: Vec<GroupRef> = Vec::with_capacity(given.len());
    for id in &given {
        let group = records.get::<Group>(id).await?.record;
        if group.vpc != vpc {
            return Err(different_networks().into());
        }
        if !groups.iter().any(|known| known.id == *id) {
            groups.push(group.reference());
        }
    }
    if groups.len() > MAX_GROUPS {
        return Err(client(
            "SecurityGroupsPerInterfaceLimitExceeded",
            "The maximum number of security groups per interface has been reached.",
        )
        .into());
    }
    Ok(groups)
}

/// Two resources of which one belongs to another VPC.
pub fn different_networks() -> roadstead_kernel::ApiError {
    client(
        "InvalidParameter",
        "You have specified two resources that belong to different networks.",
    )
}

/// Refuses a caller to whom the interface does not belong: a service's interface is the service's to change.
pub fn manageable(cx: &Cx, interface: &Interface) -> Result<()> {
    if interface.is_managed_by_other(cx.caller().linked_service()) {
        return Err(managed_by_service().into());
    }
    Ok(())
}

/// Reads private addresses as text.
pub fn parse_address(text: &str) -> Result<Ipv4Addr> {
    text.parse()
        .map_err(|_| invalid(format!("invalid value for parameter address: {text}")).into())
}

/// Fills in whether the interfaces have names, which their VPCs say.
pub async fn with_names(records: &Records, interfaces: &mut [Interface]) -> Result<()> {
    let vpcs = records.all::<Vpc>().await?;
    let naming: HashSet<&str> = vpcs
        .iter()
        .filter(|vpc| vpc.dns_support && vpc.dns_hostnames)
        .map(Resource::id)
        .collect();
    for interface in interfaces {
        interface.named = naming.contains(interface.vpc.as_str());
    }
    Ok(())
}
