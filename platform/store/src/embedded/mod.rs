//! The store in one file: every acknowledged write is on the disk, and many writes share one trip to it.

mod directory;
mod layout;
mod row;
#[cfg(test)]
mod tests;
mod writer;

use crate::lease::Timers;
use crate::watch::History;
use crate::{BoxFuture, Entry, LeaseId, Range, Result, Revision, Store, StoreError, Txn, Watch};
use arc_swap::ArcSwapOption;
use bytes::Bytes;
use directory::Directory;
use layout::{ENTRIES, Entries, fault};
use redb::{Database, ReadableDatabase};
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use writer::{Asked, Work, Writer};

/// A store in a directory of its own, held by one process at a time.
///
/// Reads come from a snapshot that is replaced after each commit, without waiting for writers. Writes go to one thread,
/// which puts all that wait into one durable commit of the file and answers each by itself.
pub struct Embedded {
    shared: Arc<Shared>,
    work: Sender<Work>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What readers and the writing thread share.
struct Shared {
    snapshot: ArcSwapOption<Snapshot>,
    history: History,
    timers: Timers,
    /// Why there is no writing thread any more.
    stopped: watch::Sender<Option<StoreError>>,
}

/// All rows as of one revision.
struct Snapshot {
    entries: Entries,
    revision: Revision,
}

impl Embedded {
    /// Opens the store in a directory, which is created (for this user only) where it does not exist.
    ///
    /// Errors: `Locked` where another server has it open, `Corrupt` where the file is not a store or was damaged, `Io`
    /// and `Full` from the system. A file that cannot be read is left as it is.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self> {
        let directory = Directory::lock(directory.as_ref())?;
        let database = directory.open_database()?;
        Self::start(database, Some(directory))
    }

    /// Begins to serve from an open database.
    fn start(database: Database, directory: Option<Directory>) -> Result<Self> {
        let (revision, leases) = layout::read_state(&database)?;
        let snapshot = Snapshot::take(&database, revision)?;
        let shared = Arc::new(Shared {
            snapshot: ArcSwapOption::from_pointee(snapshot),
            history: History::new(revision),
            timers: Timers::default(),
            stopped: watch::Sender::new(None),
        });
        for (lease, ttl) in leases {
            shared.timers.start(lease, ttl);
        }
        let (work, queue) = channel();
        let writer = Writer::new(shared.clone(), queue, revision);
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || writer.run(database, directory))
            .map_err(|error| StoreError::io("starting the thread that writes the store", error))?;
        Ok(Self {
            shared,
            work,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Hands work to the writing thread; the answer is a revision or a lease.
    fn ask(&self, asked: Asked) -> impl Future<Output = Result<u64>> + Send + use<> {
        let (reply, answer) = oneshot::channel();
        // Where the thread is gone, this drops `reply`, which the answer notices.
        let _ = self.work.send(Work { asked, reply });
        let shared = self.shared.clone();
        async move { answer.await.unwrap_or_else(|_| Err(shared.gone())) }
    }

    fn read<T>(&self, read: impl FnOnce(&Snapshot) -> Result<T>) -> Result<T> {
        let snapshot = self.shared.snapshot.load();
        match snapshot.as_deref() {
            Some(snapshot) => read(snapshot),
            None => Err(self.shared.gone()),
        }
    }
}

impl Shared {
    /// What to say when the writing thread has ended.
    fn gone(&self) -> StoreError {
        match &*self.stopped.borrow() {
            None | Some(StoreError::Closed) => StoreError::Closed,
            Some(cause) => StoreError::Stopped {
                cause: Arc::new(cause.clone()),
            },
        }
    }
}

impl Snapshot {
    fn take(database: &Database, revision: Revision) -> Result<Self> {
        let failed = || "reading the store";
        let read = database.begin_read().map_err(|error| fault(failed(), error))?;
        let entries = read.open_table(ENTRIES).map_err(|error| fault(failed(), error))?;
        Ok(Self { entries, revision })
    }
}

impl Drop for Embedded {
    /// Waits until all accepted writes are done and the files are released.
    fn drop(&mut self) {
        drop(self.ask(Asked::Close));
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

impl Store for Embedded {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Entry>>> {
        Box::pin(std::future::ready(
            self.read(|snapshot| layout::get(&snapshot.entries, key)),
        ))
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<(Vec<Entry>, Revision)>> {
        let found = self.read(|snapshot| Ok((layout::list(&snapshot.entries, &range)?, snapshot.revision)));
        Box::pin(std::future::ready(found))
    }

    fn commit(&self, txn: Txn) -> BoxFuture<'_, Result<Revision>> {
        match txn.check() {
            Ok(()) => Box::pin(self.ask(Asked::Commit(txn))),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    fn watch(&self, prefix: Bytes, after: Revision) -> Watch {
        self.shared.history.watch(prefix, after)
    }

    fn revision(&self) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(std::future::ready(self.read(|snapshot| Ok(snapshot.revision))))
    }

    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId>> {
        let granted = self.ask(Asked::Grant(ttl));
        Box::pin(async move { granted.await.map(LeaseId) })
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<()>> {
        let kept = self.read(|_| self.shared.timers.keep_alive(lease));
        Box::pin(std::future::ready(kept))
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<()>> {
        self.shared.timers.remove(lease);
        let revoked = self.ask(Asked::Revoke(lease));
        Box::pin(async move { revoked.await.map(|_| ()) })
    }

    fn tick(&self, now: Duration) -> BoxFuture<'_, Result<Vec<LeaseId>>> {
        let revoked: Vec<_> = self
            .shared
            .timers
            .tick(now)
            .into_iter()
            .map(|lease| (lease, self.ask(Asked::Revoke(lease))))
            .collect();
        Box::pin(async move {
            let mut ended = Vec::new();
            for (lease, revoked) in revoked {
                match revoked.await {
                    Ok(_) => ended.push(lease),
                    Err(StoreError::LeaseNotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(ended)
        })
    }

    fn stopped(&self) -> BoxFuture<'_, StoreError> {
        let mut stopped = self.shared.stopped.subscribe();
        Box::pin(async move {
            match stopped.wait_for(Option::is_some).await {
                Ok(cause) => cause.clone().unwrap_or(StoreError::Closed),
                Err(_) => StoreError::Closed,
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        let closed = self.ask(Asked::Close);
        Box::pin(async move {
            match closed.await {
                Ok(_) | Err(StoreError::Closed) => Ok(()),
                Err(error) => Err(error),
            }
        })
    }
}
