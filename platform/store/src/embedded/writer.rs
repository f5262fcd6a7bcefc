//! The one thread that writes: it puts all that wait into one durable commit, then answers each by itself.

use super::directory::Directory;
use super::layout::{Batch, Tables};
use super::{Shared, Snapshot};
use crate::apply::{Rows, apply, revoke};
use crate::{Events, LeaseId, Result, Revision, StoreError, Txn};
use redb::Database;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use tokio::sync::oneshot;

/// The most transactions in one commit of the file.
const MAX_BATCH: usize = 256;
/// The bytes of keys and values after which a commit of the file takes no further transaction.
const MAX_BATCH_BYTES: usize = 8 << 20;

/// Something to do, and whom to tell.
pub(super) struct Work {
    pub asked: Asked,
    pub reply: oneshot::Sender<Result<u64>>,
}

/// What the thread can do.
pub(super) enum Asked {
    /// Commit a transaction that was checked; answers its revision.
    Commit(Txn),
    /// Grant a lease; answers its id.
    Grant(Duration),
    /// End a lease; answers the revision.
    Revoke(LeaseId),
    /// Release the files; answers when they are.
    Close,
}

/// What the thread needs beside the database.
pub(super) struct Writer {
    shared: Arc<Shared>,
    queue: Receiver<Work>,
    revision: Revision,
}

/// What became of a batch once it is durable.
#[derive(Default)]
struct Done {
    answers: Vec<Result<u64>>,
    events: Vec<Events>,
    granted: Vec<(LeaseId, Duration)>,
    dirty: bool,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, queue: Receiver<Work>, revision: Revision) -> Self {
        Self {
            shared,
            queue,
            revision,
        }
    }

    /// Serves until it is told to close or a write fails; then releases all files.
    pub(super) fn run(mut self, database: Database, directory: Option<Directory>) {
        let (end, waiting) = self.serve(&database);
        let closed = matches!(end, StoreError::Closed);
        self.shared.stopped.send_replace(Some(end.clone()));
        self.shared.snapshot.store(None);
        self.shared.history.close();
        let released = catch_unwind(AssertUnwindSafe(|| database.close()));
        drop(directory);
        let answer = match released {
            Ok(Err(error)) if closed => Err(super::layout::fault("closing the store", error)),
            _ if closed => Ok(self.revision),
            _ => Err(end),
        };
        for reply in waiting {
            let _ = reply.send(answer.clone());
        }
    }

    /// Returns why it ended and who is to be told so.
    fn serve(&mut self, database: &Database) -> (StoreError, Vec<oneshot::Sender<Result<u64>>>) {
        loop {
            let (batch, close) = self.wait();
            let (asked, replies): (Vec<_>, Vec<_>) = batch.into_iter().map(|work| (work.asked, work.reply)).unzip();
            if !asked.is_empty() {
                let written = catch_unwind(AssertUnwindSafe(|| self.write(database, asked)));
                match written.unwrap_or_else(|_| Err(panicked())) {
                    Ok(answers) => {
                        for (reply, answer) in replies.into_iter().zip(answers) {
                            let _ = reply.send(answer);
                        }
                    }
                    Err(error) => return (error, replies.into_iter().chain(close.flatten()).collect()),
                }
            }
            if let Some(reply) = close {
                return (StoreError::Closed, reply.into_iter().collect());
            }
        }
    }

    /// Waits for work and takes all there is; the second value is there when nothing more will be done.
    fn wait(&self) -> (Vec<Work>, Option<Option<oneshot::Sender<Result<u64>>>>) {
        let mut batch = Vec::new();
        let mut bytes = 0;
        let Ok(mut work) = self.queue.recv() else {
            return (batch, Some(None));
        };
        loop {
            match &work.asked {
                Asked::Close => return (batch, Some(Some(work.reply))),
                Asked::Commit(txn) => bytes += txn.bytes(),
                Asked::Grant(_) | Asked::Revoke(_) => {}
            }
            batch.push(work);
            if batch.len() >= MAX_BATCH || bytes >= MAX_BATCH_BYTES {
                return (batch, None);
            }
            match self.queue.try_recv() {
                Ok(next) => work = next,
                Err(_) => return (batch, None),
            }
        }
    }

    /// Writes a batch durably and shows it to readers and watches. After an error nothing more can be written.
    fn write(&mut self, database: &Database, asked: Vec<Asked>) -> Result<Vec<Result<u64>>> {
        let batch = Batch::begin(database)?;
        let mut revision = self.revision;
        let done = {
            let mut tables = batch.tables()?;
            let mut done = Done::default();
            for asked in asked {
                let answer = step(&mut tables, asked, &mut revision, &mut done);
                match answer {
                    // These came before anything was written, so the others of the batch go on.
                    Ok(_) | Err(StoreError::Conflict { .. } | StoreError::LeaseNotFound { .. }) => {
                        done.answers.push(answer);
                    }
                    Err(error) => return Err(error),
                }
            }
            if revision != self.revision {
                tables.set_revision(revision)?;
            }
            done
        };
        if !done.dirty {
            batch.abort()?;
            return Ok(done.answers);
        }
        batch.commit()?;
        self.revision = revision;
        self.shared
            .snapshot
            .store(Some(Arc::new(Snapshot::take(database, revision)?)));
        self.shared.history.publish(done.events);
        for (lease, ttl) in done.granted {
            self.shared.timers.start(lease, ttl);
        }
        Ok(done.answers)
    }
}

/// Does one thing of a batch.
fn step(tables: &mut Tables<'_>, asked: Asked, revision: &mut Revision, done: &mut Done) -> Result<u64> {
    let next = *revision + 1;
    let events = match asked {
        Asked::Commit(txn) => apply(tables, &txn, next)?,
        Asked::Grant(ttl) => {
            let lease = tables.add_lease(ttl)?;
            done.dirty = true;
            done.granted.push((lease, ttl));
            return Ok(lease.0);
        }
        Asked::Revoke(lease) => {
            let events = revoke(tables, lease, next)?;
            done.dirty = true;
            events
        }
        Asked::Close => None,
    };
    if let Some(events) = events {
        *revision = next;
        done.dirty = true;
        done.events.push(events);
    }
    Ok(*revision)
}

fn panicked() -> StoreError {
    StoreError::io(
        "writing the store",
        std::io::Error::other("the writing thread panicked, see the log"),
    )
}
