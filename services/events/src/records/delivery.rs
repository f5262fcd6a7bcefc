//! A delivery that is not done: what goes where, and how often it was tried.

use roadstead_core::Timestamp;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::Document;

/// One event on its way to one target; written when the event is accepted, gone when it was delivered or given up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// The event's id.
    pub event: String,
    /// When it was accepted.
    pub at: Timestamp,
    /// The time that the event itself names.
    pub time: Timestamp,
    /// The rule's bus.
    pub bus: String,
    /// The rule's name.
    pub rule: String,
    /// The target as it was when the event was accepted.
    pub target: Document<api_events::Target>,
    /// What is delivered: the event, or what the target's input makes of it.
    pub payload: String,
    /// How often it failed.
    #[serde(default)]
    pub failed: u32,
    /// How many of the target's tasks earlier tries started.
    #[serde(default)]
    pub started: i32,
}

impl Record for Delivery {
    const TABLE: &'static str = "events/delivery";
    const VERSION: u16 = 1;
}
