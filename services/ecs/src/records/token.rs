//! A client token: remembers a RunTask request and the tasks it made.

use roadstead_core::Timestamp;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

/// A request that was made with a `clientToken`; found by cluster and token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientToken {
    /// The request as it was sent, to compare repetitions with.
    pub request: String,
    /// The ids of the tasks that it made.
    pub tasks: Vec<String>,
    /// When it was made.
    pub at: Timestamp,
}

impl Record for ClientToken {
    const TABLE: &'static str = "ecs/client-token";
    const VERSION: u16 = 1;
}
