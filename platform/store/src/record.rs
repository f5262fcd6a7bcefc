//! Records: what a table stores, and how it is written down.
//!
//! A stored record is one byte for the encoding, two for the record's version, then JSON. JSON describes itself, so a
//! field can be added with `#[serde(default)]` and old records stay readable; it needs no further crate, and an operator
//! can read it. A task definition of usual size takes 0.5 to 1.5 KB, below the 2.5 KB we allow. The first byte leaves
//! room for a denser encoding.

use crate::{Result, StoreError};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The encoding byte for JSON.
const JSON: u8 = 1;
/// The bytes before the JSON.
const HEADER: usize = 3;

/// A type that is stored in a table. It is ours, versioned, and not an API type.
pub trait Record: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The table, such as `ecs/cluster`: unique, and never renamed.
    const TABLE: &'static str;
    /// The version that is written. Raise it when old records need [`upgrade`](Record::upgrade).
    const VERSION: u16;

    /// Reads a record of an older version. By default the fields are read as they are now.
    fn upgrade(version: u16, stored: &[u8]) -> std::result::Result<Self, serde_json::Error> {
        let _ = version;
        serde_json::from_slice(stored)
    }
}

/// A record and the revision to name when replacing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<R> {
    /// The record's key.
    pub key: Bytes,
    /// The record.
    pub record: R,
    /// The revision that created it.
    pub created: u64,
    /// The revision that wrote it.
    pub revision: u64,
}

/// Writes a record down.
pub fn encode<R: Record>(record: &R) -> Result<Bytes> {
    let mut stored = Vec::with_capacity(256);
    stored.push(JSON);
    stored.extend(R::VERSION.to_be_bytes());
    match serde_json::to_writer(&mut stored, record) {
        // In a piece of its own size: what was written lately is kept for watches.
        Ok(()) => Ok(stored.into_boxed_slice().into()),
        Err(problem) => Err(StoreError::Record {
            key: Bytes::new(),
            problem: format!("writing `{}`: {problem}", R::TABLE),
        }),
    }
}

/// Reads a record; fails on versions that this program does not know yet.
pub fn decode<R: Record>(key: &Bytes, stored: &[u8]) -> Result<R> {
    let failed = |problem: String| StoreError::Record {
        key: key.clone(),
        problem,
    };
    let Some(([encoding, high, low], body)) = stored.split_first_chunk::<HEADER>() else {
        return Err(failed(format!("it has only {} bytes", stored.len())));
    };
    if *encoding != JSON {
        return Err(failed(format!(
            "its encoding {encoding} is unknown; it was written by a newer version"
        )));
    }
    let version = u16::from_be_bytes([*high, *low]);
    let decoded = match version.cmp(&R::VERSION) {
        std::cmp::Ordering::Greater => {
            return Err(failed(format!(
                "its version {version} is unknown; it was written by a newer version"
            )));
        }
        std::cmp::Ordering::Equal => serde_json::from_slice(body),
        std::cmp::Ordering::Less => R::upgrade(version, body),
    };
    decoded.map_err(|problem| failed(problem.to_string()))
}
