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
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The most transactions in one commit of the file.
const MAX_BATCH: usize = 256;
/// The bytes of keys and values after which a commit of the file takes no further transaction.
const MAX_BATCH_BYTES: usize = 8 << 20;

/// Whom to tell what became of something.
type Reply = oneshot::Sender<Result<u64>>;

/// Something to do, and whom to tell.
pub(super) struct Work {
    pub asked: Asked,
    pub reply: Reply,
}

/// Why the thread does nothing more.
enum Close {
    /// It was told so, by whom this answers.
    Told(Reply),
    /// Nobody is left who could ask.
    Left,
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
    pace: Pace,
}

/// The last batch that was written.
#[derive(Default)]
struct Pace {
    /// How many it had.
    size: usize,
    /// How long its commit took.
    took: Duration,
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
            pace: Pace::default(),
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
    fn serve(&mut self, database: &Database) -> (StoreError, Vec<Reply>) {
        loop {
            let (batch, close) = self.wait();
            let (asked, mut replies): (Vec<_>, Vec<_>) = batch.into_iter().map(|work| (work.asked, work.reply)).unzip();
            let written = catch_unwind(AssertUnwindSafe(|| self.write(database, asked)));
            match written.unwrap_or_else(|_| Err(panicked())) {
                Ok(answers) => {
                    for (reply, answer) in replies.drain(..).zip(answers) {
                        let _ = reply.send(answer);
                    }
                }
                Err(error) => {
                    if let Some(Close::Told(reply)) = close {
                        replies.push(reply);
                    }
                    return (error, replies);
                }
            }
            match close {
                None => {}
                Some(Close::Left) => return (StoreError::Closed, Vec::new()),
                Some(Close::Told(reply)) => return (StoreError::Closed, vec![reply]),
            }
        }
    }

    /// Waits for work and takes all there is; the second value is there when nothing more will be done.
    ///
    /// Those whose commit was just answered are likely to ask again at once. So where the last batch was larger than
    /// this one, it waits for them, for a fraction of the time a commit takes: fewer, fuller trips to the disk.
    fn wait(&self) -> (Vec<Work>, Option<Close>) {
        let mut batch = Vec::new();
        let mut bytes = 0;
        let Ok(mut work) = self.queue.recv() else {
            return (batch, Some(Close::Left));
        };
        let patience = Instant::now() + self.pace.took / 2;
        loop {
            match &work.asked {
                Asked::Close => return (batch, Some(Close::Told(work.reply))),
                Asked::Commit(txn) => bytes += txn.bytes(),
                Asked::Grant(_) | Asked::Revoke(_) => {}
            }
            batch.push(work);
            if batch.len() >= MAX_BATCH || bytes >= MAX_BATCH_BYTES {
                return (batch, None);
            }
            let next = if batch.len() < self.pace.size {
                self.queue
                    .recv_timeout(patience.saturating_duration_since(Instant::now()))
                    .ok()
            } else {
                self.queue.try_recv().ok()
            };
            match next {
                Some(next) => work = next,
                None => return (batch, None),
            }
        }
    }

    /// Writes a batch durably and shows it to readers and watches. After an error nothing more can be written.
    fn write(&mut self, database: &Database, asked: Vec<Asked>) -> Result<Vec<Result<u64>>> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
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
        let begin = Instant::now();
        batch.commit()?;
        self.pace = Pace {
            size: done.answers.len(),
            took: begin.elapsed(),
        };
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
