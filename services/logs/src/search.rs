//! The events of several streams as one sequence, ordered by time, then by stream; streams are opened when due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use roadstead_core::arn;
use roadstead_kernel::Result;
use roadstead_store::Store;

use crate::cursor::{Cursor, Way};
use crate::lane::Lane;
use crate::position::Position;
use crate::records::{Event, Stream};

/// Where a search stands: the last event it gave out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    position: Position,
    stream: String,
}

impl Place {
    /// The place of an event of a stream.
    pub fn of(stream: &str, position: Position) -> Self {
        Self {
            position,
            stream: stream.to_owned(),
        }
    }

    /// The place as text, for tokens.
    pub fn key(&self) -> String {
        format!("{} {} {}", self.position.at, self.position.number, self.stream)
    }

    /// Reads the text back.
    pub fn parse(key: &str) -> Option<Self> {
        let mut parts = key.splitn(3, ' ');
        let (at, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self {
            position: Position { at, number },
            stream: parts.next()?.to_owned(),
        })
    }

    /// Where a stream goes on after this place.
    fn resume(&self, stream: &str) -> Position {
        match stream.cmp(self.stream.as_str()) {
            std::cmp::Ordering::Less => Position::from(self.position.at.saturating_add(1)),
            std::cmp::Ordering::Equal => self.position.next(),
            std::cmp::Ordering::Greater => Position::from(self.position.at),
        }
    }
}

/// A search over streams.
pub struct Search {
    store: Arc<dyn Store>,
    /// The last time, inclusive.
    high: i64,
    sources: Vec<Source>,
    /// The sources that have events left, by what comes next in them.
    due: BinaryHeap<Reverse<Due>>,
}

struct Source {
    stream: Arc<Stream>,
    lane: Lane,
    from: Position,
    cursor: Option<Cursor>,
    head: Option<Event>,
}

/// Not before this time, and then by name; an unopened source counts as the first of its time.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: i64,
    opened: bool,
    stream: String,
    source: usize,
}

impl Search {
    /// Begins, or goes on after a place, within the times given, both inclusive.
    pub fn new(
        store: &Arc<dyn Store>,
        place: arn::Place,
        group_uid: &str,
        streams: Vec<Stream>,
        (low, high): (i64, i64),
        begun: Option<&Place>,
    ) -> Self {
        let (mut sources, mut due) = (Vec::new(), BinaryHeap::new());
        for stream in streams {
            let resume = begun.map_or(Position::FIRST, |place| place.resume(&stream.name));
            let from = resume.max(Position::from(low));
            let (Some(first), Some(last)) = (stream.first_event, stream.last_event) else {
                continue;
            };
            if last < from.at || first > high || from.at > high {
                continue;
            }
            let at = first.max(from.at);
            due.push(Reverse(Due {
                at,
                opened: false,
                stream: stream.name.clone(),
                source: sources.len(),
            }));
            let lane = Lane::new(place, group_uid, &stream.uid);
            sources.push(Source {
                stream: Arc::new(stream),
                lane,
                from,
                cursor: None,
                head: None,
            });
        }
        Self {
            store: Arc::clone(store),
            high,
            sources,
            due,
        }
    }

    /// The next event.
    pub async fn next(&mut self) -> Result<Option<(Arc<Stream>, Event)>> {
        while let Some(Reverse(due)) = self.due.pop() {
            let Some(source) = self.sources.get_mut(due.source) else {
                continue;
            };
            let event = source.head.take();
            let cursor = match &mut source.cursor {
                Some(cursor) => cursor,
                None => {
                    let cursor = Cursor::begin(&self.store, source.lane.clone(), Way::From(source.from)).await?;
                    source.cursor.insert(cursor)
                }
            };
            source.head = cursor.next().await?.filter(|event| event.position.at <= self.high);
            match &source.head {
                Some(head) => {
                    let stream = source.stream.name.clone();
                    self.due.push(Reverse(Due {
                        at: head.position.at,
                        opened: true,
                        stream,
                        source: due.source,
                    }));
                }
                // Nothing more: what it held in memory can go.
                None => source.cursor = None,
            }
            if let Some(event) = event {
                return Ok(Some((Arc::clone(&source.stream), event)));
            }
        }
        Ok(None)
    }

    /// Whether there is another event.
    pub async fn has_more(&mut self) -> Result<bool> {
        while let Some(Reverse(due)) = self.due.peek() {
            if due.opened {
                return Ok(true);
            }
            // Opening it takes no event: it has no head yet.
            let index = due.source;
            self.due.pop();
            let Some(source) = self.sources.get_mut(index) else {
                continue;
            };
            let mut cursor = Cursor::begin(&self.store, source.lane.clone(), Way::From(source.from)).await?;
            if cursor.next().await?.is_some_and(|event| event.position.at <= self.high) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
