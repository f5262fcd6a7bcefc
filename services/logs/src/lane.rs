//! The keys below which a stream's events are stored.

use bytes::Bytes;
use roadstead_core::arn::Place;
use roadstead_store::{KeyParts, ordered, record_key, record_prefix};

use crate::position::Position;
use crate::scope;

const TABLE: &str = "logs/event";
const JOURNAL: &str = "journal";
const LEAF: &str = "leaf";

/// A stream's part of the store.
#[derive(Clone, Debug)]
pub struct Lane {
    place: Place,
    group: String,
    stream: String,
}

impl Lane {
    /// The lane of a stream, by its group's and its own unique id.
    pub fn new(place: Place, group_uid: &str, stream_uid: &str) -> Self {
        Self {
            place,
            group: group_uid.to_owned(),
            stream: stream_uid.to_owned(),
        }
    }

    /// What the keys of all events of a group begin with.
    pub fn of_group(place: Place, group_uid: &str) -> Bytes {
        record_prefix(scope(&place), TABLE, &[group_uid])
    }

    /// What the keys of all events of the stream begin with.
    pub fn all(&self) -> Bytes {
        record_prefix(scope(&self.place), TABLE, &[&self.group, &self.stream])
    }

    /// What the keys of the journal begin with.
    pub fn journal(&self) -> Bytes {
        record_prefix(scope(&self.place), TABLE, &[&self.group, &self.stream, JOURNAL])
    }

    /// What the keys of the leaves begin with.
    pub fn leaves(&self) -> Bytes {
        record_prefix(scope(&self.place), TABLE, &[&self.group, &self.stream, LEAF])
    }

    /// The key of the journal's run that begins with an event of that number.
    pub fn run_key(&self, number: u64) -> Bytes {
        record_key(
            scope(&self.place),
            TABLE,
            &[&self.group, &self.stream, JOURNAL, &ordered(number)],
        )
    }

    /// The key of the leaf that begins at a place.
    pub fn leaf_key(&self, first: Position) -> Bytes {
        let at = ordered(u64::try_from(first.at).unwrap_or_default());
        record_key(
            scope(&self.place),
            TABLE,
            &[&self.group, &self.stream, LEAF, &at, &ordered(first.number)],
        )
    }
}

/// The place at which a leaf begins, by its key; `None` for other keys.
pub fn first_of_leaf(key: &[u8]) -> Option<Position> {
    let parts = KeyParts::parse(key)?;
    let [_, _, kind, at, number] = parts.id.as_slice() else {
        return None;
    };
    let position = || {
        Some(Position {
            at: at.parse().ok()?,
            number: number.parse().ok()?,
        })
    };
    if kind == LEAF { position() } else { None }
}
