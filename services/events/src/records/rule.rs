//! A rule and its targets as they are stored.

use api_events::{DescribeRuleResponse, RuleState};
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::Document;
use crate::arn;

/// A rule; found by bus and name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// The name, unique within its bus.
    pub name: String,
    /// The bus's name.
    pub bus: String,
    /// Which events it picks, as the user wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// When it fires by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// `ENABLED`, `DISABLED` or `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`.
    pub state: String,
    /// What its owner says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The role it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The service of AWS that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
    /// The account that made it.
    pub created_by: String,
    /// When its schedule began to count: when the schedule was given, or the rule enabled.
    pub since: Timestamp,
    /// The tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

impl Record for Rule {
    const TABLE: &'static str = "events/rule";
    const VERSION: u16 = 1;
}

impl Rule {
    /// The ARN.
    pub fn arn(&self, place: Place) -> String {
        arn::rule(place, &self.bus, &self.name)
    }

    /// Whether it picks events and fires.
    pub fn is_enabled(&self) -> bool {
        self.state != "DISABLED"
    }

    /// The rule as lists show it.
    pub fn to_api(&self, place: Place) -> api_events::Rule {
        api_events::Rule {
            name: Some(self.name.clone()),
            arn: Some(self.arn(place)),
            event_pattern: self.pattern.clone(),
            state: Some(RuleState::from(self.state.as_str())),
            description: self.description.clone(),
            schedule_expression: self.schedule.clone(),
            role_arn: self.role.clone(),
            managed_by: self.managed_by.clone(),
            event_bus_name: Some(self.bus.clone()),
        }
    }

    /// The rule as its own description shows it.
    pub fn describe(&self, place: Place) -> DescribeRuleResponse {
        DescribeRuleResponse {
            name: Some(self.name.clone()),
            arn: Some(self.arn(place)),
            event_pattern: self.pattern.clone(),
            schedule_expression: self.schedule.clone(),
            state: Some(RuleState::from(self.state.as_str())),
            description: self.description.clone(),
            role_arn: self.role.clone(),
            managed_by: self.managed_by.clone(),
            event_bus_name: Some(self.bus.clone()),
            created_by: Some(self.created_by.clone()),
        }
    }
}

/// A target of a rule; found by bus, rule and the target's id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    /// The target as the user gave it.
    pub given: Document<api_events::Target>,
}

impl Record for Target {
    const TABLE: &'static str = "events/target";
    const VERSION: u16 = 1;
}
