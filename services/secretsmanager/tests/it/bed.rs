//! A bed with Secrets Manager.

use std::ops::Deref;
use std::sync::Arc;

use roadstead_secretsmanager::SecretsManager;
use roadstead_store::{Memory, Store};
use serde_json::{Value, json};

pub use roadstead_testbed::{ACCOUNT, DAY, NOW};

/// The bed, and the service itself.
pub struct Bed {
    bed: roadstead_testbed::Bed,
    pub secrets: Arc<SecretsManager>,
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
        let secrets = SecretsManager::new(Arc::clone(&store));
        let bed = roadstead_testbed::Bed::over(store, Arc::clone(&secrets) as _, policy);
        Self { bed, secrets }
    }

    /// Lets days pass.
    pub fn pass_days(&self, days: i64) {
        self.advance(days * DAY);
    }

    /// Makes a secret with a text; answers its ARN.
    pub async fn create(&self, name: &str, text: &str) -> String {
        let made = self
            .ok("CreateSecret", json!({ "Name": name, "SecretString": text }))
            .await;
        made["ARN"].as_str().unwrap().to_owned()
    }

    /// Puts a further value; answers the version's id.
    pub async fn put(&self, id: &str, text: &str) -> String {
        let put = self
            .ok("PutSecretValue", json!({ "SecretId": id, "SecretString": text }))
            .await;
        put["VersionId"].as_str().unwrap().to_owned()
    }

    /// The text of the version that has a label.
    pub async fn text(&self, id: &str, stage: &str) -> String {
        let input = json!({ "SecretId": id, "VersionStage": stage });
        self.ok("GetSecretValue", input).await["SecretString"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}
