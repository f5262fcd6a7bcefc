//! A log stream as it is stored; its events are kept apart, see `chunk.rs`.

use api_logs::LogStream;
use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use crate::arn;
use crate::position::Position;

/// A log stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stream {
    /// The name, unique within its group.
    pub name: String,
    /// Tells streams apart that had the same name one after the other.
    pub uid: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The earliest event's time, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_event: Option<i64>,
    /// The latest event's time, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event: Option<i64>,
    /// When events were last taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_ingestion: Option<Timestamp>,
    /// The number that the next event gets; the first one gets 1.
    pub next_number: u64,
    /// The bytes of its events, each counted with 26 bytes on top.
    #[serde(default)]
    pub bytes: u64,
    /// The runs that were added to the journal since it was last folded.
    #[serde(default)]
    pub journal_runs: u32,
    /// Their bytes.
    #[serde(default)]
    pub journal_bytes: u64,
}

impl Record for Stream {
    const TABLE: &'static str = "logs/stream";
    const VERSION: u16 = 1;
}

impl Stream {
    /// A stream without events.
    pub fn new(name: String, uid: String, now: Timestamp) -> Self {
        Self {
            name,
            uid,
            created_at: now,
            first_event: None,
            last_event: None,
            last_ingestion: None,
            next_number: 1,
            bytes: 0,
            journal_runs: 0,
            journal_bytes: 0,
        }
    }

    /// The sequence token, which AWS still answers and no longer asks for.
    pub fn sequence_token(&self) -> String {
        let at = self.last_ingestion.map_or(0, Timestamp::millis);
        Position {
            at,
            number: self.next_number,
        }
        .digits(&self.uid)
    }

    /// The stream as DescribeLogStreams answers it.
    pub fn to_api(&self, place: Place, group: &str) -> LogStream {
        LogStream {
            log_stream_name: Some(self.name.clone()),
            creation_time: Some(self.created_at.millis()),
            first_event_timestamp: self.first_event,
            last_event_timestamp: self.last_event,
            last_ingestion_time: self.last_ingestion.map(Timestamp::millis),
            upload_sequence_token: self.last_ingestion.map(|_| self.sequence_token()),
            arn: Some(arn::stream(place, group, &self.name)),
            // AWS: always zero for streams since June 2019.
            stored_bytes: Some(0),
        }
    }
}
