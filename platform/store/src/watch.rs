//! Watches: every change after a revision, in order, none missing.

use crate::{BoxFuture, Entry, Result, Revision, StoreError};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// How many transactions are kept for watches that are behind.
const MAX_EVENTS: usize = 8192;
/// How many bytes of keys and values are kept for watches that are behind.
const MAX_BYTES: usize = 2 << 20;

/// One changed key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The key was written.
    Put(Entry),
    /// The key was deleted.
    Delete {
        /// The key.
        key: Bytes,
    },
}

impl Change {
    /// The key that changed.
    pub fn key(&self) -> &Bytes {
        match self {
            Self::Put(entry) => &entry.key,
            Self::Delete { key } => key,
        }
    }
}

/// What one transaction changed among the watched keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// The transaction's revision.
    pub revision: Revision,
    /// The changes, in the order of the transaction's operations, never empty.
    pub changes: Vec<Change>,
}

/// Where a backend's events come from.
pub trait EventSource: Send + 'static {
    /// Waits for the next transaction that touches the watched keys. Must lose nothing when its future is dropped.
    fn next(&mut self) -> BoxFuture<'_, Result<Events>>;
}

/// A running watch; dropping it ends it.
pub struct Watch(Box<dyn EventSource>);

impl Watch {
    /// A watch over a backend's events.
    pub fn new(source: impl EventSource) -> Self {
        Self(Box::new(source))
    }

    /// Waits for the next transaction that touches the watched keys.
    ///
    /// Answers `Compacted` when the watch was too slow or began too far back: the caller reads again and watches from
    /// there. Answers `Closed` after the store was closed. Losing the race in a `select!` loses no event.
    pub async fn next(&mut self) -> Result<Events> {
        self.0.next().await
    }
}

/// The recent transactions of a store in this process.
#[derive(Clone)]
pub(crate) struct History(Arc<Shared>);

struct Shared {
    ring: RwLock<Ring>,
    latest: watch::Sender<Progress>,
}

#[derive(Clone, Copy, PartialEq)]
enum Progress {
    At(Revision),
    Closed,
}

struct Ring {
    events: VecDeque<Events>,
    bytes: usize,
    /// Everything after this revision is in `events`.
    floor: Revision,
}

impl History {
    pub(crate) fn new(revision: Revision) -> Self {
        Self(Arc::new(Shared {
            ring: RwLock::new(Ring {
                events: VecDeque::new(),
                bytes: 0,
                floor: revision,
            }),
            latest: watch::Sender::new(Progress::At(revision)),
        }))
    }

    /// Adds transactions, oldest first. INVARIANT: called in the order of revisions, after the commit is durable.
    pub(crate) fn publish(&self, batch: impl IntoIterator<Item = Events>) {
        let mut latest = None;
        {
            let mut ring = self.0.ring.write().unwrap_or_else(PoisonError::into_inner);
            for events in batch {
                latest = Some(events.revision);
                ring.bytes += weight(&events);
                ring.events.push_back(events);
            }
            while ring.events.len() > MAX_EVENTS || ring.bytes > MAX_BYTES {
                let Some(oldest) = ring.events.pop_front() else { break };
                ring.bytes -= weight(&oldest);
                ring.floor = oldest.revision;
            }
        }
        if let Some(revision) = latest {
            self.0.latest.send_replace(Progress::At(revision));
        }
    }

    pub(crate) fn close(&self) {
        self.0.latest.send_replace(Progress::Closed);
    }

    pub(crate) fn watch(&self, prefix: Bytes, after: Revision) -> Watch {
        Watch::new(Follower {
            latest: self.0.latest.subscribe(),
            history: self.clone(),
            prefix,
            after,
        })
    }
}

/// What a transaction costs to remember.
fn weight(events: &Events) -> usize {
    let changes = events.changes.iter().map(|change| match change {
        Change::Put(entry) => entry.key.len() + entry.value.len() + size_of::<Change>(),
        Change::Delete { key } => key.len() + size_of::<Change>(),
    });
    changes.sum::<usize>() + size_of::<Events>()
}

struct Follower {
    history: History,
    latest: watch::Receiver<Progress>,
    prefix: Bytes,
    after: Revision,
}

impl Follower {
    /// The next transaction that is already there.
    fn seek(&mut self) -> Result<Option<Events>> {
        let ring = self.history.0.ring.read().unwrap_or_else(PoisonError::into_inner);
        if self.after < ring.floor {
            return Err(StoreError::Compacted { floor: ring.floor });
        }
        let first = ring.events.partition_point(|events| events.revision <= self.after);
        for events in ring.events.range(first..) {
            self.after = events.revision;
            let changes: Vec<Change> = events
                .changes
                .iter()
                .filter(|change| change.key().starts_with(&self.prefix))
                .cloned()
                .collect();
            if !changes.is_empty() {
                return Ok(Some(Events {
                    revision: events.revision,
                    changes,
                }));
            }
        }
        Ok(None)
    }
}

impl EventSource for Follower {
    fn next(&mut self) -> BoxFuture<'_, Result<Events>> {
        Box::pin(async move {
            loop {
                // Marked as seen before looking, so that what is published while looking wakes us again.
                let progress = *self.latest.borrow_and_update();
                if let Some(events) = self.seek()? {
                    return Ok(events);
                }
                if progress == Progress::Closed || self.latest.changed().await.is_err() {
                    return Err(StoreError::Closed);
                }
            }
        })
    }
}
