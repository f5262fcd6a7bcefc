//! A resource policy as it is stored: whom an account lets write to its log groups.

use roadstead_core::Timestamp;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

/// A resource policy of an account in a region; found by name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// The name.
    pub name: String,
    /// The document as it was given.
    pub document: String,
    /// When it was put.
    pub updated_at: Timestamp,
}

impl Record for Policy {
    const TABLE: &'static str = "logs/resource-policy";
    const VERSION: u16 = 1;
}

impl Policy {
    /// The policy as Amazon describes it.
    pub fn to_api(&self) -> api_logs::ResourcePolicy {
        api_logs::ResourcePolicy {
            policy_name: Some(self.name.clone()),
            policy_document: Some(self.document.clone()),
            last_updated_time: Some(self.updated_at.millis()),
            ..api_logs::ResourcePolicy::default()
        }
    }
}
