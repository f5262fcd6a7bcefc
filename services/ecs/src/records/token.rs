//! A client token: remembers for a day which RunTask request it was used with, and the tasks that it made.

use std::time::Duration;

use api_ecs::Failure;
use roadstead_core::Timestamp;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::digest;

/// How long a token is remembered.
// AWS: not recorded; a day is what other services document.
pub const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// A request that was made with a `clientToken`; found by cluster and token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientToken {
    /// A digest of the request as it was sent, to compare repetitions with.
    pub request: String,
    /// The ids of the tasks that it made.
    pub tasks: Vec<String>,
    /// Why others were not made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Unmade>,
    /// When it was made.
    pub at: Timestamp,
}

impl ClientToken {
    /// Whether the token may be used for something else by now.
    pub fn is_over(&self, now: Timestamp) -> bool {
        is_over(self.at, now)
    }
}

/// Whether what was remembered since `at` is forgotten by now.
pub fn is_over(at: Timestamp, now: Timestamp) -> bool {
    now.since(at) >= REMEMBERED
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
    const VERSION: u16 = 2;

    /// The first version held the request itself.
    fn upgrade(_: u16, stored: &[u8]) -> Result<Self, serde_json::Error> {
        let mut token: Self = serde_json::from_slice(stored)?;
        token.request = digest(&token.request);
        Ok(token)
    }
}

/// That a token was used; found by when, then by cluster and token, so that the old ones come first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenAge {}

impl Record for TokenAge {
    const TABLE: &'static str = "ecs/client-token-age";
    const VERSION: u16 = 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_holds_its_request_is_read_as_one_that_holds_its_digest() {
        let stored = br#"{"request":"{\"count\":1}","tasks":["t"],"failures":[],"at":1795500000000}"#;
        let token = ClientToken::upgrade(1, stored).unwrap();
        assert_eq!(token.request, digest("{\"count\":1}"));
        assert_eq!(token.tasks, ["t"]);
    }
}
