//! Searching the trail from its end: block by block, and only as far back as the answer needs.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use memchr::memmem::Finder;
use memchr::{memchr, memrchr};
use roadstead_core::Timestamp;

use super::Record;
use super::log::{segment_path, segments};
use crate::{Fault, Result};

/// How much is read of a segment at a time, from its end: the most that a search holds, but for a longer line.
const BLOCK: usize = 256 << 10;
/// What every line begins with; its time follows.
const TIME: &[u8] = b"{\"time\":";

/// Where a record stands in the trail: a later one is greater, and one stays the same while it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The number of the segment; 0 in memory.
    pub(super) segment: u64,
    /// The offset in the segment; in memory the number of the record.
    pub(super) at: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.segment, self.at)
    }
}

impl FromStr for Position {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text
            .split_once('-')
            .and_then(|(segment, at)| Some((segment.parse().ok()?, at.parse().ok()?)));
        let (segment, at) = parts.ok_or_else(|| Fault::internal(format_args!("`{text}` is no place in the trail")))?;
        Ok(Self { segment, at })
    }
}

/// What to search the trail for.
#[derive(Clone, Debug)]
pub struct Search {
    /// The most records to find.
    pub limit: usize,
    /// The record before which to begin; `None` begins with the newest.
    pub before: Option<Position>,
    /// The first instant.
    pub from: Timestamp,
    /// The last instant.
    pub to: Timestamp,
    /// A text that stands in the JSON form of every record wanted: records without it are not even parsed.
    pub needle: Option<String>,
}

impl Search {
    /// The newest records of all times.
    pub fn newest(limit: usize) -> Self {
        let (from, to) = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
        Self {
            limit,
            before: None,
            from,
            to,
            needle: None,
        }
    }

    pub(super) fn covers(&self, time: Timestamp) -> bool {
        (self.from..=self.to).contains(&time)
    }
}

/// From when to when the records of full segments are; `None` of a segment without records.
#[derive(Default)]
pub(super) struct Spans(Mutex<BTreeMap<u64, Option<(Timestamp, Timestamp)>>>);

impl Spans {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Option<(Timestamp, Timestamp)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a segment is known to have nothing of the times that are searched.
    fn exclude(&self, segment: u64, search: &Search) -> bool {
        match self.lock().get(&segment) {
            None => false,
            Some(None) => true,
            Some(Some((first, last))) => *last < search.from || *first > search.to,
        }
    }

    fn learn(&self, segment: u64, span: Option<(Timestamp, Timestamp)>) {
        self.lock().insert(segment, span);
    }

    fn forget_before(&self, oldest: u64) {
        let mut spans = self.lock();
        *spans = spans.split_off(&oldest);
    }
}

/// Finds the newest records that pass the filter, newest first; the trail may be written meanwhile.
pub(super) fn search(
    dir: &Path,
    spans: &Spans,
    search: &Search,
    wanted: &dyn Fn(&Record) -> bool,
) -> Result<Vec<(Position, Record)>> {
    let mut found = Vec::new();
    search_into(&mut found, dir, spans, search, wanted)
        .map_err(|error| Fault::internal(format_args!("reading the audit trail in `{}`: {error}", dir.display())))?;
    Ok(found)
}

fn search_into(
    found: &mut Vec<(Position, Record)>,
    dir: &Path,
    spans: &Spans,
    search: &Search,
    wanted: &dyn Fn(&Record) -> bool,
) -> std::io::Result<()> {
    let all = segments(dir)?;
    let (Some((oldest, _)), Some((newest, _))) = (all.first().copied(), all.last().copied()) else {
        return Ok(());
    };
    spans.forget_before(oldest);
    let needle = search.needle.as_deref().map(Finder::new);
    for (segment, size) in all.into_iter().rev() {
        let end = match search.before {
            Some(before) if before.segment < segment => continue,
            Some(before) if before.segment == segment => before.at.min(size),
            _ => size,
        };
        if found.len() >= search.limit {
            return Ok(());
        }
        if spans.exclude(segment, search) {
            continue;
        }
        let file = match File::open(segment_path(dir, segment)) {
            // The oldest segment was deleted since it was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            file => file?,
        };
        let mut span: Option<(Timestamp, Timestamp)> = None;
        let mut lines = LinesBackwards::new(file, end);
        while let Some((at, range)) = lines.next()? {
            let line = lines.text(range);
            let Some(time) = time_of(line) else { continue };
            span = Some(span.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
            if !search.covers(time) || needle.as_ref().is_some_and(|needle| needle.find(line).is_none()) {
                continue;
            }
            // A torn line after a crash is no record.
            let Ok(record) = serde_json::from_slice::<Record>(line) else {
                continue;
            };
            if wanted(&record) {
                found.push((Position { segment, at }, record));
                if found.len() >= search.limit {
                    return Ok(());
                }
            }
        }
        if segment < newest && end == size {
            spans.learn(segment, span);
        }
    }
    Ok(())
}

/// The time that a line begins with, without parsing the rest.
fn time_of(line: &[u8]) -> Option<Timestamp> {
    let rest = line.strip_prefix(TIME)?;
    let digits = rest.get(..memchr(b',', rest)?)?;
    std::str::from_utf8(digits)
        .ok()?
        .parse()
        .ok()
        .map(Timestamp::from_millis)
}

/// The lines of a file, the last first.
struct LinesBackwards {
    file: File,
    /// The bytes of the file that stand before the block.
    unread: u64,
    block: Vec<u8>,
    /// What of the block was not given yet.
    left: usize,
}

impl LinesBackwards {
    /// The lines that begin before an offset, which is the end of a line.
    fn new(file: File, end: u64) -> Self {
        Self {
            file,
            unread: end,
            block: Vec::new(),
            left: 0,
        }
    }

    /// Where the next line begins in the file, and where it stands in the block.
    fn next(&mut self) -> std::io::Result<Option<(u64, Range<usize>)>> {
        loop {
            let left = self.block.get(..self.left).unwrap_or_default();
            let begin = match memrchr(b'\n', left) {
                Some(newline) => newline + 1,
                None if self.unread == 0 => 0,
                None => {
                    self.fetch()?;
                    continue;
                }
            };
            let range = begin..self.left;
            self.left = begin.saturating_sub(1);
            if !range.is_empty() {
                return Ok(Some((self.unread + begin as u64, range)));
            }
            if begin == 0 {
                return Ok(None);
            }
        }
    }

    fn text(&self, range: Range<usize>) -> &[u8] {
        self.block.get(range).unwrap_or_default()
    }

    /// Reads what stands before the block, and keeps what of it was not given yet.
    fn fetch(&mut self) -> std::io::Result<()> {
        let more = usize::try_from(self.unread).unwrap_or(BLOCK).min(BLOCK);
        self.block.resize(more.max(self.block.len()).max(more + self.left), 0);
        self.block.copy_within(..self.left, more);
        self.unread -= more as u64;
        self.file.seek(SeekFrom::Start(self.unread))?;
        self.file.read_exact(self.block.get_mut(..more).unwrap_or_default())?;
        self.left += more;
        Ok(())
    }
}
