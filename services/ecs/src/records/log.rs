//! Where the output of a container goes, and how far it came.

use roadstead_core::Timestamp;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use crate::awslogs::Mark;

/// Where the output of a container goes with the log driver `awslogs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSink {
    /// The region of the log group.
    pub region: String,
    /// The log group.
    pub group: String,
    /// The log stream.
    pub stream: String,
    /// Whether nothing is ever dropped, however long it cannot be delivered.
    #[serde(default)]
    pub blocking: bool,
    /// Whether all output is delivered, or none ever will be.
    #[serde(default)]
    pub drained: bool,
    /// When some was delivered last, as far as that is known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
}

/// How far the output of a container was delivered; by cluster, task and container.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogCursor {
    /// The container's name.
    pub container: String,
    /// Where to read on.
    pub mark: Mark,
    /// Whether all is delivered.
    #[serde(default)]
    pub drained: bool,
    /// When it came so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl Record for LogCursor {
    const TABLE: &'static str = "ecs/log-cursor";
    const VERSION: u16 = 1;
}
