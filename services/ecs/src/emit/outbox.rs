//! Events that are not told yet.

use roadstead_core::Timestamp;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

/// The events of one transaction, in their order; found by when they were written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outgoing {
    /// The events.
    pub events: Vec<Told>,
}

/// One event, not in its envelope yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What kind of event it is.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// The ARN of what it is about.
    pub resource: String,
    /// The detail, a JSON object.
    pub detail: String,
}

impl Record for Outgoing {
    const TABLE: &'static str = "ecs/outgoing-events";
    const VERSION: u16 = 1;
}
