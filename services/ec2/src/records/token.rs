//! Client tokens: what a token was used for, so that a repeated request makes nothing twice.

use roadstead_store::Record;
use serde::{Deserialize, Serialize};

/// A used client token; found by operation and token. It goes with the resource that it made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientToken {
    /// The resource that was made.
    pub resource: String,
    /// What was asked for, in a form that differs when the requests do.
    pub request: String,
}

impl Record for ClientToken {
    const TABLE: &'static str = "ec2/client-token";
    const VERSION: u16 = 1;
}
