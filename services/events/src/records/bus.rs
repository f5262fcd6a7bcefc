//! An event bus as it is stored.

use api_events::{DeadLetterConfig, DescribeEventBusResponse, EventBus, LogConfig};
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::Document;
use crate::arn;

/// A bus. The default one is there without a record, until somebody changes it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bus {
    /// The name.
    pub name: String,
    /// What its owner says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who else may use it, as a policy document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The key it was asked to encrypt with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// Where events go that cannot be delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter: Option<Document<DeadLetterConfig>>,
    /// What it was asked to log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<Document<LogConfig>>,
    /// The tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// When it was made; absent for the default bus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it was changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<Timestamp>,
}

impl Record for Bus {
    const TABLE: &'static str = "events/bus";
    const VERSION: u16 = 1;
}

impl Bus {
    /// The default bus as it is before anybody changes it.
    pub fn default_bus() -> Self {
        Self {
            name: arn::DEFAULT.to_owned(),
            ..Self::default()
        }
    }

    /// The bus as lists show it.
    pub fn to_api(&self, place: Place) -> EventBus {
        EventBus {
            name: Some(self.name.clone()),
            arn: Some(arn::bus(place, &self.name)),
            description: self.description.clone(),
            policy: self.policy.clone(),
            creation_time: self.created_at,
            last_modified_time: self.modified_at,
        }
    }

    /// The bus as its own description shows it.
    pub fn describe(&self, place: Place) -> DescribeEventBusResponse {
        DescribeEventBusResponse {
            name: Some(self.name.clone()),
            arn: Some(arn::bus(place, &self.name)),
            description: self.description.clone(),
            kms_key_identifier: self.kms_key.clone(),
            dead_letter_config: self.dead_letter.clone().map(|given| given.0),
            policy: self.policy.clone(),
            log_config: self.log.clone().map(|given| given.0),
            creation_time: self.created_at,
            last_modified_time: self.modified_at,
        }
    }
}
