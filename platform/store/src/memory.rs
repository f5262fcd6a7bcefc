//! The store in memory: for tests, and for servers that forget everything.

use crate::apply::{Head, Rows, apply, revoke};
use crate::lease::Timers;
use crate::watch::History;
use crate::{BoxFuture, Entry, Events, LeaseId, Range, Result, Revision, Store, StoreError, Txn, Watch};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;

/// An ordered map under a lock, with the same behaviour as the embedded store but nothing durable.
pub struct Memory {
    state: RwLock<State>,
    history: History,
    timers: Timers,
    closed: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    rows: Map,
    revision: Revision,
    closed: bool,
}

#[derive(Default)]
struct Map {
    rows: BTreeMap<Bytes, (Head, Bytes)>,
    leases: BTreeMap<LeaseId, BTreeSet<Bytes>>,
    last_lease: u64,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            state: RwLock::default(),
            history: History::new(0),
            timers: Timers::default(),
            closed: watch::Sender::new(false),
        }
    }

    /// Reads the state as it is now.
    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> Result<T> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            Err(StoreError::Closed)
        } else {
            Ok(read(&state))
        }
    }

    /// Changes the rows; what changed takes the next revision.
    fn write(&self, change: impl FnOnce(&mut Map, Revision) -> Result<Option<Events>>) -> Result<Revision> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(StoreError::Closed);
        }
        let revision = state.revision + 1;
        if let Some(events) = change(&mut state.rows, revision)? {
            state.revision = revision;
            // Under the lock, so that events come in the order of revisions.
            self.history.publish([events]);
        }
        Ok(state.revision)
    }

    fn list(state: &State, range: &Range) -> Vec<Entry> {
        if range.is_void() {
            return Vec::new();
        }
        let rows = state.rows.rows.range::<[u8], _>(bounds(range));
        let entry = |(key, (head, value)): (&Bytes, &(Head, Bytes))| entry(key, *head, value);
        let limit = range.limit.unwrap_or(usize::MAX);
        if range.reverse {
            rows.rev().take(limit).map(entry).collect()
        } else {
            rows.take(limit).map(entry).collect()
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// The bounds of a range that is not void.
pub(crate) fn bounds(range: &Range) -> (Bound<&[u8]>, Bound<&[u8]>) {
    let end = range
        .end
        .as_ref()
        .map_or(Bound::Unbounded, |end| Bound::Excluded(end.as_ref()));
    (Bound::Included(range.start.as_ref()), end)
}

fn entry(key: &Bytes, head: Head, value: &Bytes) -> Entry {
    Entry {
        key: key.clone(),
        value: value.clone(),
        created: head.created,
        modified: head.modified,
    }
}

impl Rows for Map {
    fn head(&self, key: &[u8]) -> Result<Option<Head>> {
        Ok(self.rows.get(key).map(|(head, _)| *head))
    }

    fn find(&self, range: &Range, wanted: &mut dyn FnMut(&[u8], Head) -> bool) -> Result<Option<Bytes>> {
        if range.is_void() {
            return Ok(None);
        }
        let mut rows = self.rows.range::<[u8], _>(bounds(range));
        Ok(rows
            .find(|(key, (head, _))| wanted(key, *head))
            .map(|(key, _)| key.clone()))
    }

    fn put(&mut self, key: &Bytes, value: &Bytes, head: Head) -> Result<()> {
        self.rows.insert(key.clone(), (head, value.clone()));
        Ok(())
    }

    fn delete(&mut self, key: &[u8]) -> Result<()> {
        self.rows.remove(key);
        Ok(())
    }

    fn has_lease(&self, lease: LeaseId) -> Result<bool> {
        Ok(self.leases.contains_key(&lease))
    }

    fn add_lease(&mut self, _ttl: Duration) -> Result<LeaseId> {
        self.last_lease += 1;
        let lease = LeaseId(self.last_lease);
        self.leases.insert(lease, BTreeSet::new());
        Ok(lease)
    }

    fn drop_lease(&mut self, lease: LeaseId) -> Result<()> {
        self.leases.remove(&lease);
        Ok(())
    }

    fn attach(&mut self, lease: LeaseId, key: &Bytes) -> Result<()> {
        self.leases.entry(lease).or_default().insert(key.clone());
        Ok(())
    }

    fn detach(&mut self, lease: LeaseId, key: &[u8]) -> Result<()> {
        if let Some(keys) = self.leases.get_mut(&lease) {
            keys.remove(key);
        }
        Ok(())
    }

    fn attached(&self, lease: LeaseId) -> Result<Vec<Bytes>> {
        Ok(self.leases.get(&lease).into_iter().flatten().cloned().collect())
    }
}

impl Store for Memory {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Entry>>> {
        let found = self.read(|state| {
            state
                .rows
                .rows
                .get_key_value(key)
                .map(|(key, (head, value))| entry(key, *head, value))
        });
        Box::pin(std::future::ready(found))
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<(Vec<Entry>, Revision)>> {
        let found = self.read(|state| (Self::list(state, &range), state.revision));
        Box::pin(std::future::ready(found))
    }

    fn commit(&self, txn: Txn) -> BoxFuture<'_, Result<Revision>> {
        let done = txn
            .check()
            .and_then(|()| self.write(|rows, revision| apply(rows, &txn, revision)));
        Box::pin(std::future::ready(done))
    }

    fn watch(&self, prefix: Bytes, after: Revision) -> Watch {
        self.history.watch(prefix, after)
    }

    fn revision(&self) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(std::future::ready(self.read(|state| state.revision)))
    }

    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId>> {
        let mut granted = Ok(LeaseId(0));
        let written = self.write(|rows, _| {
            granted = rows.add_lease(ttl).inspect(|lease| self.timers.start(*lease, ttl));
            Ok(None)
        });
        Box::pin(std::future::ready(written.and(granted)))
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<()>> {
        let kept = self.read(|_| self.timers.keep_alive(lease)).flatten();
        Box::pin(std::future::ready(kept))
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<()>> {
        self.timers.remove(lease);
        let revoked = self.write(|rows, revision| revoke(rows, lease, revision));
        Box::pin(std::future::ready(revoked.map(|_| ())))
    }

    fn tick(&self, now: Duration) -> BoxFuture<'_, Result<Vec<LeaseId>>> {
        let over = self.timers.tick(now);
        let mut ended = Ok(Vec::new());
        for lease in over {
            let revoked = self.write(|rows, revision| revoke(rows, lease, revision));
            ended = match (ended, revoked) {
                (Ok(mut leases), Ok(_)) => {
                    leases.push(lease);
                    Ok(leases)
                }
                (Ok(leases), Err(StoreError::LeaseNotFound { .. })) => Ok(leases),
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
        }
        Box::pin(std::future::ready(ended))
    }

    fn stopped(&self) -> BoxFuture<'_, StoreError> {
        let mut closed = self.closed.subscribe();
        Box::pin(async move {
            let _ = closed.wait_for(|closed| *closed).await;
            StoreError::Closed
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.state.write().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.history.close();
        self.closed.send_replace(true);
        Box::pin(std::future::ready(Ok(())))
    }
}
