//! Public addresses: drawing them, and putting elastic IPs in front of private addresses.

use std::net::Ipv4Addr;

use roadstead_core::Ids;
use roadstead_kernel::{ApiError, Needs, Result};
use roadstead_store::{Op, Scope, Table, Txn, Versioned, ordered};

use crate::address::Block;
use crate::error::{client, missing};
use crate::records::{AddressUse, Association, ElasticIp, Interface, InternetGateway, Records, Resource, TakenAddress};

/// Where public addresses come from: addresses set aside for tests of networks (RFC 2544), which nobody routes.
const POOL: &str = "198.18.0.0/15";
/// The pool's name among taken addresses of the whole installation.
const POOL_KEY: &str = "elastic-ip";
/// How many draws are made before giving up.
const DRAWS: usize = 64;

/// Draws a public address that nobody in this installation has, and adds it to a transaction for its owner: an
/// allocation or an interface.
pub async fn stage_drawn(records: &Records, txn: &mut Txn, ids: &Ids, owner: &str) -> Result<Ipv4Addr> {
    let table = records.table::<TakenAddress>();
    let everywhere = Scope::installation();
    for _ in 0..DRAWS {
        let drawn = Block::parse(POOL).and_then(|pool| pool.draw(u64::from_le_bytes(ids.bytes())));
        let Some(address) = drawn else { break };
        let key = ordered(u64::from(u32::from(address)));
        if table.get(everywhere, &[POOL_KEY, &key]).await?.is_none() {
            let taken = TakenAddress {
                interface: owner.to_owned(),
            };
            table.stage_new(txn, everywhere, &[POOL_KEY, &key], &taken)?;
            return Ok(address);
        }
    }
    Err(client(
        "InsufficientAddressCapacity",
        "Not enough addresses available to satisfy the request.",
    )
    .into())
}

/// Adds to a transaction: the address is nobody's any more.
pub fn stage_returned(txn: &mut Txn, address: Ipv4Addr) {
    let key = ordered(u64::from(u32::from(address)));
    txn.push(Op::Delete {
        key: Table::<TakenAddress>::key(Scope::installation(), &[POOL_KEY, &key]),
    });
}

/// The elastic IP that a request names by its allocation or its address.
pub async fn named(
    records: &Records,
    allocation: Option<&str>,
    public_ip: Option<&str>,
) -> Result<Versioned<ElasticIp>> {
    match (allocation, public_ip) {
        (Some(id), _) => records.get(id).await,
        (None, Some(ip)) => {
            let all = records.table::<ElasticIp>().list_all(records.scope()).await?;
            all.into_iter()
                .find(|known| known.record.public_ip.to_string() == ip)
                .ok_or_else(|| no_address(ip).into())
        }
        (None, None) => Err(missing("allocationId").into()),
    }
}

/// An address that is not the account's.
pub fn no_address(ip: &str) -> ApiError {
    client("InvalidAddress.NotFound", format!("Address '{ip}' not found."))
}

/// What acting on an elastic IP needs; one named by its address is looked up as far as it can be.
pub async fn needs(records: &Records, allocation: Option<&str>, public_ip: Option<&str>) -> Result<Needs> {
    let found = named(records, allocation, public_ip).await;
    let id = match (&found, allocation) {
        (Ok(found), _) => found.record.id(),
        (Err(_), Some(id)) => id,
        (Err(_), None) => "*",
    };
    records.needs_on::<ElasticIp>(id).await
}

/// The elastic IP with the association.
pub async fn of_association(records: &Records, association: &str) -> Result<Option<Versioned<ElasticIp>>> {
    let all = records.table::<ElasticIp>().list_all(records.scope()).await?;
    let is_it = |known: &Versioned<ElasticIp>| known.record.used.as_ref().is_some_and(|u| u.association == association);
    Ok(all.into_iter().find(is_it))
}

/// Whether the VPC has a way to the internet.
pub async fn has_internet(records: &Records, vpc: &str) -> Result<bool> {
    Ok(records
        .all::<InternetGateway>()
        .await?
        .iter()
        .any(|gateway| gateway.vpc.as_deref() == Some(vpc)))
}

/// Puts an elastic IP in front of an interface's private address; neither is written yet.
pub fn put_before(
    records: &Records,
    elastic: &mut ElasticIp,
    interface: &mut Interface,
    private_ip: Ipv4Addr,
    association: String,
) {
    if let Some(address) = interface.addresses.iter_mut().find(|address| address.ip == private_ip) {
        address.association = Some(Association {
            public_ip: elastic.public_ip,
            owner: records.place().account.to_string(),
            allocation: Some(elastic.id.clone()),
            id: Some(association.clone()),
        });
    }
    elastic.used = Some(AddressUse {
        association,
        interface: interface.id.clone(),
        managed: interface.requester.is_some(),
        private_ip,
    });
}

/// Takes an elastic IP away from the interface it stands before: adds both to a transaction.
pub async fn stage_taken_away(records: &Records, txn: &mut Txn, elastic: &mut Versioned<ElasticIp>) -> Result<()> {
    if let Some(used) = elastic.record.used.take()
        && let Some(mut interface) = records.find::<Interface>(&used.interface).await?
    {
        for address in &mut interface.record.addresses {
            if address.ip == used.private_ip {
                address.association = None;
            }
        }
        records.stage_change(txn, &interface)?;
    }
    records.stage_change(txn, elastic)
}
