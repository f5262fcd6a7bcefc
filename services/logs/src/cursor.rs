//! Reading a stream's events in order, in either direction, from any place, a few leaves at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use roadstead_kernel::Result;
use roadstead_store::{Entry, Range, Store};

use crate::lane::Lane;
use crate::position::Position;
use crate::records::{Event, unpack};

/// How many leaves are read at once.
const LEAVES_AT_ONCE: usize = 4;

/// A walk over a stream's events.
pub struct Cursor {
    store: Arc<dyn Store>,
    lane: Lane,
    way: Way,
    /// The journal's events, in the order of the walk.
    journal: VecDeque<Event>,
    /// Events of leaves, in the order of the walk.
    read: VecDeque<Event>,
    /// The key of the last leaf that was read.
    last_leaf: Option<Bytes>,
    /// Whether there are no further leaves.
    ended: bool,
    /// The last event that was given out.
    last: Option<Position>,
}

/// Where a walk begins and where it goes.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// To later events, from a place on.
    From(Position),
    /// To earlier events, from before a place.
    Before(Position),
}

impl Cursor {
    /// Begins a walk.
    ///
    /// The journal is read first: what is folded into leaves meanwhile is then met twice and given out once, and nothing
    /// is missed.
    pub async fn begin(store: &Arc<dyn Store>, lane: Lane, way: Way) -> Result<Self> {
        let (runs, _) = store.range(Range::prefix(lane.journal())).await?;
        let mut journal = Vec::new();
        for run in runs {
            journal.extend(
                unpack(&run.value)?
                    .into_iter()
                    .filter(|event| way.covers(event.position)),
            );
        }
        journal.sort_unstable_by_key(|event| event.position);
        if matches!(way, Way::Before(_)) {
            journal.reverse();
        }
        let store = Arc::clone(store);
        let (journal, read) = (journal.into(), VecDeque::new());
        Ok(Self {
            store,
            lane,
            way,
            journal,
            read,
            last_leaf: None,
            ended: false,
            last: None,
        })
    }

    /// The next event of the walk.
    pub async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            while self.read.is_empty() && !self.ended {
                self.read_on().await?;
            }
            let from_journal = match (self.journal.front(), self.read.front()) {
                (Some(fresh), Some(read)) => !self.way.precedes(read.position, fresh.position),
                (fresh, _) => fresh.is_some(),
            };
            let source = if from_journal {
                &mut self.journal
            } else {
                &mut self.read
            };
            let Some(event) = source.pop_front() else {
                return Ok(None);
            };
            if self.last.is_none_or(|last| self.way.precedes(last, event.position)) {
                self.last = Some(event.position);
                return Ok(Some(event));
            }
        }
    }

    async fn read_on(&mut self) -> Result<()> {
        let leaves = match self.way {
            Way::From(start) => self.later_leaves(start).await?,
            Way::Before(end) => self.earlier_leaves(end).await?,
        };
        self.ended = leaves.len() < LEAVES_AT_ONCE;
        for leaf in leaves {
            let events = unpack(&leaf.value)?
                .into_iter()
                .filter(|event| self.way.covers(event.position));
            match self.way {
                Way::From(_) => self.read.extend(events),
                Way::Before(_) => self.read.extend(events.rev()),
            }
            self.last_leaf = Some(leaf.key);
        }
        Ok(())
    }

    async fn later_leaves(&self, start: Position) -> Result<Vec<Entry>> {
        let all = Range::prefix(self.lane.leaves()).limit(LEAVES_AT_ONCE);
        let Some(last) = &self.last_leaf else {
            // The leaf that the start lies in begins before it.
            let before = Range::prefix(self.lane.leaves())
                .before(self.lane.leaf_key(start))
                .reverse()
                .limit(1);
            let (holding, _) = self.store.range(before).await?;
            let range = match holding.first() {
                Some(leaf) => Range {
                    start: leaf.key.clone(),
                    ..all
                },
                None => all,
            };
            return Ok(self.store.range(range).await?.0);
        };
        Ok(self.store.range(all.after(last)).await?.0)
    }

    async fn earlier_leaves(&self, end: Position) -> Result<Vec<Entry>> {
        let before = self.last_leaf.clone().unwrap_or_else(|| self.lane.leaf_key(end));
        let range = Range::prefix(self.lane.leaves())
            .before(before)
            .reverse()
            .limit(LEAVES_AT_ONCE);
        Ok(self.store.range(range).await?.0)
    }
}

impl Way {
    fn covers(self, position: Position) -> bool {
        match self {
            Self::From(start) => position >= start,
            Self::Before(end) => position < end,
        }
    }

    /// Whether the walk meets one place before the other.
    fn precedes(self, one: Position, other: Position) -> bool {
        match self {
            Self::From(_) => one < other,
            Self::Before(_) => one > other,
        }
    }
}
