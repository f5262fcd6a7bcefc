//! The file form of the audit trail: JSON lines in numbered segments, written in batches by a thread of its own.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Record;
use super::search::{self, Position, Search, Spans};
use crate::{Fault, Result};

/// How long a record may wait in memory before it is written: the most that `kill -9` can lose.
pub const FLUSH_EVERY: Duration = Duration::from_millis(50);
/// Records kept in memory when there is no directory.
pub(super) const IN_MEMORY: usize = 65_536;
/// How many records in memory are looked at before calls may append again.
const SLICE: u64 = 1024;
/// The most bytes that may wait for a slow disk; records beyond them are lost, and counted.
const WAITING_BYTES: usize = 32 << 20;
/// A batch of this many bytes is written without waiting for its time.
const EARLY_BYTES: usize = 1 << 20;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// A segment is closed when it reaches this many bytes.
    pub(super) segment: u64,
    /// All segments together keep at most this many bytes and what one batch adds; the oldest go first.
    pub(super) total: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            segment: 16 << 20,
            total: 256 << 20,
        }
    }
}

/// Takes records without ever waiting for a disk.
pub struct AuditLog {
    shared: Arc<Shared>,
    dir: Option<PathBuf>,
    spans: Spans,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
}

thread_local! {
    /// Where a thread renders its records.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Default)]
struct Queue {
    /// Without a directory: the newest records.
    kept: VecDeque<Record>,
    /// With one: the lines that wait to be written, and how many they are.
    lines: Vec<u8>,
    waiting: u64,
    /// Records dropped because the disk could not keep up.
    dropped: u64,
    closed: bool,
    flushed: u64,
    taken: u64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AuditLog {
    /// Keeps the newest records in memory only; for tests and the memory store.
    pub fn in_memory() -> Self {
        Self {
            shared: Arc::new(Shared::new()),
            dir: None,
            spans: Spans::default(),
            writer: Mutex::new(None),
        }
    }

    /// Appends to the segments in a directory, which is made (owner only) when it is missing.
    pub fn open(dir: &Path) -> Result<Self> {
        Self::open_within(dir, Limits::default())
    }

    pub(super) fn open_within(dir: &Path, limits: Limits) -> Result<Self> {
        let refused = |error| Fault::internal(format_args!("opening the audit trail in `{}`: {error}", dir.display()));
        fs::create_dir_all(dir).map_err(refused)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(refused)?;
        }
        let segments = segments(dir).map_err(refused)?;
        let next = segments.last().map_or(1, |(number, _)| number + 1);
        let mut files = Segments {
            dir: dir.to_owned(),
            limits,
            number: next,
            file: None,
            size: 0,
        };
        files.trim().map_err(refused)?;
        let shared = Arc::new(Shared::new());
        let ours = Arc::clone(&shared);
        let writer = std::thread::Builder::new()
            .name("audit".into())
            .spawn(move || write_batches(&ours, &mut files))
            .map_err(refused)?;
        Ok(Self {
            shared,
            dir: Some(dir.to_owned()),
            spans: Spans::default(),
            writer: Mutex::new(Some(writer)),
        })
    }

    /// Takes a record; never waits for the disk.
    pub fn append(&self, record: Record) {
        if self.dir.is_none() {
            let mut queue = self.shared.lock();
            if queue.kept.len() >= IN_MEMORY {
                queue.kept.pop_front();
            }
            queue.kept.push_back(record);
            queue.taken += 1;
            return;
        }
        // Rendered here, by the many: the one writer only writes, and what waits is bounded in bytes.
        LINE.with_borrow_mut(|line| {
            line.clear();
            if let Err(error) = serde_json::to_writer(&mut *line, &record) {
                tracing::error!(%error, "an audit record could not be rendered");
                return;
            }
            line.push(b'\n');
            let mut queue = self.shared.lock();
            queue.taken += 1;
            if queue.lines.len() + line.len() > WAITING_BYTES {
                queue.dropped += 1;
                return;
            }
            queue.lines.extend_from_slice(line);
            queue.waiting += 1;
            if queue.lines.len() >= EARLY_BYTES {
                self.shared.wake.notify_all();
            }
        });
    }

    /// How many records were lost because the disk could not keep up.
    pub fn dropped(&self) -> u64 {
        self.shared.lock().dropped
    }

    /// The newest records that pass the filter, newest first.
    pub fn recent(&self, limit: usize, wanted: impl Fn(&Record) -> bool) -> Result<Vec<Record>> {
        let found = self.search(&Search::newest(limit), wanted)?;
        Ok(found.into_iter().map(|(_, record)| record).collect())
    }

    /// The newest records that were searched for and pass the filter, newest first, and where they stand.
    ///
    /// It reads the disk, so it is not for the threads that answer calls.
    pub fn search(&self, search: &Search, wanted: impl Fn(&Record) -> bool) -> Result<Vec<(Position, Record)>> {
        let Some(dir) = &self.dir else {
            return Ok(self.search_memory(search, &wanted));
        };
        self.flush();
        search::search(dir, &self.spans, search, &wanted)
    }

    fn search_memory(&self, search: &Search, wanted: &dyn Fn(&Record) -> bool) -> Vec<(Position, Record)> {
        let mut found = Vec::new();
        let mut end = search.before.map_or(u64::MAX, |before| before.at);
        while found.len() < search.limit {
            let queue = self.shared.lock();
            let oldest = queue.taken - queue.kept.len() as u64;
            end = end.min(queue.taken);
            let begin = end.saturating_sub(SLICE).max(oldest);
            if begin >= end {
                break;
            }
            for at in (begin..end).rev() {
                let record = usize::try_from(at - oldest)
                    .ok()
                    .and_then(|index| queue.kept.get(index));
                if let Some(record) = record.filter(|record| search.covers(record.time) && wanted(record)) {
                    found.push((Position { segment: 0, at }, record.clone()));
                    if found.len() >= search.limit {
                        break;
                    }
                }
            }
            end = begin;
        }
        found
    }

    /// Waits until everything taken so far is written.
    pub fn flush(&self) {
        if self.dir.is_none() {
            return;
        }
        let mut queue = self.shared.lock();
        let until = queue.taken;
        self.shared.wake.notify_all();
        while queue.flushed + queue.dropped < until && !queue.closed {
            let (guard, timeout) = self
                .shared
                .wake
                .wait_timeout(queue, Duration::from_secs(5))
                .unwrap_or_else(PoisonError::into_inner);
            queue = guard;
            if timeout.timed_out() {
                break;
            }
        }
    }

    /// Writes what waits and stops; later records stay in memory.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_all();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = writer.join();
        }
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn new() -> Self {
        Self {
            queue: Mutex::new(Queue::default()),
            wake: Condvar::new(),
        }
    }
}

fn write_batches(shared: &Shared, files: &mut Segments) {
    let mut lines = Vec::new();
    loop {
        let (records, closed) = {
            let mut queue = shared.lock();
            if queue.lines.len() < EARLY_BYTES && !queue.closed {
                (queue, _) = shared
                    .wake
                    .wait_timeout(queue, FLUSH_EVERY)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            std::mem::swap(&mut lines, &mut queue.lines);
            (std::mem::take(&mut queue.waiting), queue.closed)
        };
        let outcome = files.append(&lines);
        // A burst leaves no large buffer behind.
        lines.clear();
        lines.shrink_to(EARLY_BYTES);
        let mut queue = shared.lock();
        match outcome {
            Ok(()) => queue.flushed += records,
            Err(error) => {
                tracing::error!(%error, records, "the audit trail could not be written");
                queue.dropped += records;
            }
        }
        let done = closed && queue.waiting == 0;
        drop(queue);
        shared.wake.notify_all();
        if done {
            return;
        }
    }
}

/// The segment being written.
pub(super) struct Segments {
    pub(super) dir: PathBuf,
    pub(super) limits: Limits,
    pub(super) number: u64,
    pub(super) file: Option<File>,
    pub(super) size: u64,
}

impl Segments {
    pub(super) fn append(&mut self, text: &[u8]) -> std::io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let mut file = match self.file.take() {
            Some(file) if self.size < self.limits.segment => file,
            full => {
                if full.is_some() {
                    self.number += 1;
                    self.trim()?;
                }
                self.size = 0;
                open_private(&segment_path(&self.dir, self.number))?
            }
        };
        if let Err(error) = file.write_all(text) {
            // Half a line must not stand before the next batch: take it back, or leave the segment.
            if file.set_len(self.size).is_ok() {
                self.file = Some(file);
            } else {
                self.number += 1;
            }
            return Err(error);
        }
        self.size += text.len() as u64;
        self.file = Some(file);
        Ok(())
    }

    /// Deletes the oldest segments over the cap.
    fn trim(&mut self) -> std::io::Result<()> {
        let all = segments(&self.dir)?;
        let mut total: u64 = all.iter().map(|(_, size)| size).sum();
        for (number, size) in all {
            // Room for the segment that is about to be written.
            if total + self.limits.segment <= self.limits.total {
                break;
            }
            fs::remove_file(segment_path(&self.dir, number))?;
            total -= size;
        }
        Ok(())
    }
}

fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

pub(super) fn segment_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:08}.jsonl"))
}

/// The segments in a directory, oldest first: number and size.
pub(super) fn segments(dir: &Path) -> std::io::Result<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_suffix(".jsonl"))
            .and_then(|n| n.parse().ok());
        let Some(number) = number else { continue };
        match entry.metadata() {
            // It was deleted since it was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            data => found.push((number, data?.len())),
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Reads the newest records that pass the filter, newest first; another process may be writing.
pub fn read_records(dir: &Path, limit: usize, wanted: impl Fn(&Record) -> bool) -> Result<Vec<Record>> {
    let found = search::search(dir, &Spans::default(), &Search::newest(limit), &wanted)?;
    Ok(found.into_iter().map(|(_, record)| record).collect())
}

/// Follows the trail: calls `each` for every record written after the call, until it answers `false`.
pub fn tail(dir: &Path, mut each: impl FnMut(Record) -> bool) -> Result<()> {
    let unreadable = |error: std::io::Error| {
        Fault::internal(format_args!("reading the audit trail in `{}`: {error}", dir.display()))
    };
    let mut at = segments(dir).map_err(unreadable)?.pop().unwrap_or((1, 0));
    loop {
        if let Ok(mut file) = File::open(segment_path(dir, at.0)) {
            file.seek(SeekFrom::Start(at.1)).map_err(unreadable)?;
            let mut reader = BufReader::new(file.take(u64::MAX));
            let mut line = String::new();
            while reader.read_line(&mut line).map_err(unreadable)? > 0 && line.ends_with('\n') {
                at.1 += line.len() as u64;
                if let Ok(record) = serde_json::from_str(&line)
                    && !each(record)
                {
                    return Ok(());
                }
                line.clear();
            }
        }
        let newest = segments(dir)
            .map_err(unreadable)?
            .into_iter()
            .find(|(number, _)| *number > at.0);
        match newest {
            Some((number, _)) => at = (number, 0),
            None => std::thread::sleep(FLUSH_EVERY),
        }
    }
}
