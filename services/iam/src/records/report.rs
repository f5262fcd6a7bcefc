//! A report of Access Advisor: which services somebody may use, and when they were last used.

use roadstead_core::{Region, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::Kind;

/// A report as stored, under its job id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Who asked for it: the `aws:userid` of the caller; nobody else sees it.
    pub owner: String,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it was complete.
    pub completed: Timestamp,
    /// Whether actions are told apart.
    pub by_action: bool,
    /// The services, by prefix.
    pub services: Vec<ServiceUse>,
    /// Users and roles that could use them: kind and unique id.
    pub members: Vec<(Kind, String)>,
}

/// A service of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceUse {
    /// The prefix of its actions.
    pub namespace: String,
    /// The name that Access Advisor has for it.
    pub name: String,
    /// The last attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastUse>,
    /// How many users and roles attempted something.
    #[serde(default)]
    pub entities: usize,
    /// Tracked actions that may be used, with commas between; only in reports by action.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub actions: String,
    /// Last attempts of tracked actions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<(String, LastUse)>,
}

/// When, where and by whom something was last attempted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastUse {
    /// When, to the minute.
    pub at: Timestamp,
    /// In which region.
    pub region: Region,
    /// The ARN of the user or role.
    pub entity: String,
}

impl Record for Report {
    const TABLE: &'static str = "iam/access-report";
    const VERSION: u16 = 1;
}
