//! The one trait every backend implements: ordered keys, guarded transactions, watches, leases.

use crate::key::prefix_end;
use crate::{LeaseId, Result, StoreError, Txn, Watch};
use bytes::Bytes;
use std::pin::Pin;
use std::time::Duration;

/// The store's one counter: every transaction that changes something takes the next number.
pub type Revision = u64;

/// A future of a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A stored value and when it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// The revision that created the key, after its last deletion.
    pub created: Revision,
    /// The revision that wrote the value.
    pub modified: Revision,
}

/// Which keys to read: from `start` (inclusive) to `end` (exclusive).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Range {
    /// The first key; empty means from the beginning.
    pub start: Bytes,
    /// The key to stop before; `None` means to the end.
    pub end: Option<Bytes>,
    /// The most entries to return.
    pub limit: Option<usize>,
    /// Whether to begin with the last key.
    pub reverse: bool,
}

impl Range {
    /// All keys.
    pub fn all() -> Self {
        Self::default()
    }

    /// The keys that begin with `prefix`.
    pub fn prefix(prefix: impl Into<Bytes>) -> Self {
        let start = prefix.into();
        Self {
            end: prefix_end(&start),
            start,
            limit: None,
            reverse: false,
        }
    }

    /// Leaves out `key` and all before it.
    pub fn after(mut self, key: &[u8]) -> Self {
        let mut next = key.to_vec();
        next.push(0);
        self.start = self.start.max(Bytes::from(next));
        self
    }

    /// Leaves out `key` and all after it.
    pub fn before(mut self, key: impl Into<Bytes>) -> Self {
        let key = key.into();
        self.end = Some(match self.end {
            Some(end) => end.min(key),
            None => key,
        });
        self
    }

    /// Returns at most so many entries.
    pub fn limit(mut self, entries: usize) -> Self {
        self.limit = Some(entries);
        self
    }

    /// Begins with the last key.
    pub fn reverse(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// Tells whether no key can be in the range.
    pub(crate) fn is_void(&self) -> bool {
        self.limit == Some(0) || self.end.as_ref().is_some_and(|end| *end <= self.start)
    }
}

/// An ordered map with one revision counter; everybody holds it as `Arc<dyn Store>`.
///
/// Methods begin their work when they are called, not when their future is first polled. Dropping the future of a
/// commit does not undo the commit.
pub trait Store: Send + Sync + 'static {
    /// Reads one key. Embedded and in-memory stores answer at once.
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Entry>>>;

    /// Reads keys in order, all as of one revision, which is returned too.
    fn range(&self, range: Range) -> BoxFuture<'_, Result<(Vec<Entry>, Revision)>>;

    /// Checks all guards, then does all operations, as one step. When it answers, the change is durable and visible.
    ///
    /// Returns the revision the transaction took, or the current one where nothing was to change.
    /// Errors: `Conflict` names the first guard that failed and nothing was written; `LeaseNotFound`; `TooLarge`,
    /// `DuplicateKey`, `EmptyKey` for what no backend accepts. After `Full`, `Io` or `Corrupt` it is unknown whether
    /// the change survives a restart, and all later commits answer `Stopped`.
    fn commit(&self, txn: Txn) -> BoxFuture<'_, Result<Revision>>;

    /// Reports every change to keys that begin with `prefix` and happened after the revision `after`, none missing.
    ///
    /// `range`, then `watch` from the revision it returned, sees everything exactly once.
    fn watch(&self, prefix: Bytes, after: Revision) -> Watch;

    /// The current revision.
    fn revision(&self) -> BoxFuture<'_, Result<Revision>>;

    /// Grants a lease. Keys put with it are deleted when it ends.
    ///
    /// Its time begins with the next [`tick`](Store::tick): a lease never ends early.
    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId>>;

    /// Begins the lease's time again, or answers `LeaseNotFound`.
    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<()>>;

    /// Ends a lease: deletes its keys in one transaction.
    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<()>>;

    /// Ends the leases whose time is over, and names them. `now` counts from any fixed moment and never goes back.
    ///
    /// A backend whose server keeps time by itself does nothing here.
    fn tick(&self, now: Duration) -> BoxFuture<'_, Result<Vec<LeaseId>>>;

    /// Waits until the store can no longer write, and says why: the server should then end with an error.
    ///
    /// Answers `Closed` after [`close`](Store::close).
    fn stopped(&self) -> BoxFuture<'_, StoreError>;

    /// Finishes the commits that were accepted, then releases all files. Everything answers `Closed` afterwards.
    fn close(&self) -> BoxFuture<'_, Result<()>>;
}
