//! A bed with Parameter Store.

use std::ops::Deref;
use std::sync::Arc;

use roadstead_ssm::Ssm;
use roadstead_store::{Memory, Store};
use serde_json::{Value, json};

pub use roadstead_testbed::{ACCOUNT, NOW};

/// The bed.
pub struct Bed(roadstead_testbed::Bed);

impl Deref for Bed {
    type Target = roadstead_testbed::Bed;

    fn deref(&self) -> &Self::Target {
        &self.0
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
        let ssm = Ssm::new(Arc::clone(&store));
        Self(roadstead_testbed::Bed::over(store, ssm, policy))
    }

    /// Puts a parameter.
    pub async fn put(&self, name: &str, kind: &str, value: &str) -> Value {
        self.ok("PutParameter", json!({ "Name": name, "Type": kind, "Value": value }))
            .await
    }

    /// Puts a further version of a parameter.
    pub async fn put_again(&self, name: &str, value: &str) -> Value {
        self.ok(
            "PutParameter",
            json!({ "Name": name, "Value": value, "Overwrite": true }),
        )
        .await
    }

    /// The value that a name or selector gives, decrypted.
    pub async fn value(&self, name: &str) -> String {
        let answer = self
            .ok("GetParameter", json!({ "Name": name, "WithDecryption": true }))
            .await;
        answer["Parameter"]["Value"].as_str().unwrap().to_owned()
    }
}
