//! Leases: keys that end with whoever keeps them alive.

use crate::{Result, StoreError};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Names a lease; never used twice by one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(pub u64);

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// When the leases of a store in this process end.
///
/// Time is known only at ticks. A granted or kept lease gets its end at the next tick, so it never ends early.
#[derive(Clone, Default)]
pub(crate) struct Timers(Arc<Mutex<BTreeMap<LeaseId, Timer>>>);

struct Timer {
    ttl: Duration,
    end: Option<Duration>,
}

impl Timers {
    pub(crate) fn start(&self, lease: LeaseId, ttl: Duration) {
        self.lock().insert(lease, Timer { ttl, end: None });
    }

    pub(crate) fn keep_alive(&self, lease: LeaseId) -> Result<()> {
        match self.lock().get_mut(&lease) {
            Some(timer) => {
                timer.end = None;
                Ok(())
            }
            None => Err(StoreError::LeaseNotFound { lease }),
        }
    }

    pub(crate) fn remove(&self, lease: LeaseId) {
        self.lock().remove(&lease);
    }

    /// The leases that are over. They cannot be kept alive from here on.
    pub(crate) fn tick(&self, now: Duration) -> Vec<LeaseId> {
        let mut over = Vec::new();
        self.lock().retain(|lease, timer| {
            let end = *timer.end.get_or_insert(now.saturating_add(timer.ttl));
            if end <= now {
                over.push(*lease);
            }
            end > now
        });
        over
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<LeaseId, Timer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
