//! A bed with CloudWatch Logs.

use std::ops::Deref;
use std::sync::Arc;

use roadstead_logs::Logs;
use roadstead_store::{Memory, Store};
use serde_json::{Value, json};

pub use roadstead_testbed::{ACCOUNT, DAY, NOW};

/// The bed, and the service itself.
pub struct Bed {
    bed: roadstead_testbed::Bed,
    pub logs: Arc<Logs>,
}

impl Deref for Bed {
    type Target = roadstead_testbed::Bed;

    fn deref(&self) -> &Self::Target {
        &self.bed
    }
}

impl Bed {
    pub fn new() -> Self {
        Self::over(Arc::new(Memory::new()), None)
    }

    /// With a user that has this policy.
    pub fn with_policy(policy: &Value) -> Self {
        Self::over(Arc::new(Memory::new()), Some(policy))
    }

    pub fn over(store: Arc<dyn Store>, policy: Option<&Value>) -> Self {
        let logs = Logs::new(Arc::clone(&store));
        let bed = roadstead_testbed::Bed::over(store, Arc::clone(&logs) as _, policy);
        Self { bed, logs }
    }

    pub async fn group(&self, name: &str) {
        self.ok("CreateLogGroup", json!({ "logGroupName": name })).await;
    }

    pub async fn stream(&self, group: &str, name: &str) {
        self.ok(
            "CreateLogStream",
            json!({ "logGroupName": group, "logStreamName": name }),
        )
        .await;
    }

    /// Puts events given as time and message.
    pub async fn put(&self, group: &str, stream: &str, events: &[(i64, &str)]) -> Value {
        let events: Vec<Value> = events
            .iter()
            .map(|(at, m)| json!({ "timestamp": at, "message": m }))
            .collect();
        self.ok(
            "PutLogEvents",
            json!({ "logGroupName": group, "logStreamName": stream, "logEvents": events }),
        )
        .await
    }
}
