//! Several installations on one host: they take turns at what they share, and each block of a VPC is one installation's.
//!
//! The lock is on the network namespace itself, so that nothing is left of it, whoever is killed.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, TryLockError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::netlink::Netlink;
use crate::NetError;
use crate::eni::{EniSpec, Mark, Subnet};

/// How long to wait for other processes: each of their turns takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often to look whether it is our turn.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A block that an installation has interfaces in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The installation.
    pub owner: String,
    /// The VPC's block.
    pub block: Subnet,
    /// How many interfaces it has there.
    pub interfaces: usize,
}

/// A turn at what the installations of a host share; over when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _file: File,
}

/// Waits for a turn, together with others that add (`false`) or alone (`true`).
pub(super) async fn turn(alone: bool) -> Result<Turn, NetError> {
    let failed = |error: std::io::Error| NetError::Kernel(format!("waiting for other installations: {error}"));
    let file = File::open("/proc/thread-self/ns/net").map_err(failed)?;
    let started = Instant::now();
    loop {
        let taken = if alone { file.try_lock() } else { file.try_lock_shared() };
        match taken {
            Ok(()) => return Ok(Turn { _file: file }),
            Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => tokio::time::sleep(LOOK_EVERY).await,
            Err(TryLockError::WouldBlock) => {
                return Err(NetError::Kernel(
                    "another installation does not end its turn at the network".to_owned(),
                ));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}

/// The blocks that this process has interfaces in.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<HashMap<String, Subnet>>);

impl Held {
    fn blocks(&self) -> MutexGuard<'_, HashMap<String, Subnet>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has(&self, block: Subnet) -> bool {
        self.blocks().values().any(|held| *held == block)
    }

    pub(super) fn add(&self, eni: &EniSpec) {
        self.blocks().insert(eni.id.clone(), eni.block());
    }

    pub(super) fn remove(&self, eni_id: &str) {
        self.blocks().remove(eni_id);
    }
}

/// An error when another installation has interfaces in a block, or in a part of it.
pub(super) async fn check(netlink: &Netlink, owner: &str, block: Subnet) -> Result<(), NetError> {
    let claims = claims(netlink).await?;
    let other = claims
        .into_iter()
        .find(|claim| claim.owner != owner && claim.block.overlaps(block));
    match other {
        Some(claim) => Err(NetError::BlockInUse {
            block,
            theirs: claim.block,
            owner: claim.owner,
        }),
        None => Ok(()),
    }
}

/// What the installations of this host have.
pub(super) async fn claims(netlink: &Netlink) -> Result<Vec<Claim>, NetError> {
    let mut counted: BTreeMap<(String, Subnet), usize> = BTreeMap::new();
    for link in netlink.links().await? {
        if let Some(mark) = link.alias.as_deref().and_then(Mark::parse) {
            *counted.entry((mark.owner, mark.block)).or_default() += 1;
        }
    }
    let claim = |((owner, block), interfaces)| Claim {
        owner,
        block,
        interfaces,
    };
    Ok(counted.into_iter().map(claim).collect())
}
