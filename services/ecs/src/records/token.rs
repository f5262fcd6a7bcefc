//! A client token: remembers a RunTask request and the tasks it made.

use api_ecs::Failure;
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
    /// Why others were not made.
    #[serde(default)]
    pub failures: Vec<Unmade>,
    /// When it was made.
    pub at: Timestamp,
}

/// Why an instance did not take a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unmade {
    /// The ARN of the instance.
    pub arn: Option<String>,
    /// The reason, in AWS's words.
    pub reason: Option<String>,
    /// More about it.
    pub detail: Option<String>,
}

impl From<Failure> for Unmade {
    fn from(failure: Failure) -> Self {
        let Failure { arn, reason, detail } = failure;
        Self { arn, reason, detail }
    }
}

impl From<Unmade> for Failure {
    fn from(unmade: Unmade) -> Self {
        let Unmade { arn, reason, detail } = unmade;
        Self { arn, reason, detail }
    }
}

impl Record for ClientToken {
    const TABLE: &'static str = "ecs/client-token";
    const VERSION: u16 = 1;
}
