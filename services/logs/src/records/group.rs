//! A log group as it is stored.

use api_logs::{LogGroup, LogGroupClass, LogGroupSummary};
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use crate::arn;

const DAY_MILLIS: i64 = 86_400_000;

/// A log group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// The name, unique within an account and region.
    pub name: String,
    /// Tells groups apart that had the same name one after the other: what a deleted one held never shows again.
    pub uid: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// After how many days events expire; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<i32>,
    /// The class.
    pub class: Class,
    /// Whether it can be deleted only after this was switched off.
    #[serde(default)]
    pub deletion_protection: bool,
    /// How many bytes its streams hold, as counted when expired events were last purged.
    #[serde(default)]
    pub stored_bytes: u64,
    /// The tags.
    #[serde(default)]
    pub tags: Tags,
}

/// The class of a log group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Class {
    /// `STANDARD`.
    Standard,
    /// `INFREQUENT_ACCESS`.
    InfrequentAccess,
    /// `DELIVERY`.
    Delivery,
}

impl Record for Group {
    const TABLE: &'static str = "logs/group";
    const VERSION: u16 = 1;
}

impl Class {
    /// The class as the API names it.
    pub fn to_api(self) -> LogGroupClass {
        match self {
            Self::Standard => LogGroupClass::Standard,
            Self::InfrequentAccess => LogGroupClass::InfrequentAccess,
            Self::Delivery => LogGroupClass::Delivery,
        }
    }
}

impl Group {
    /// The instant before which events have expired, in milliseconds; 0 when they never do.
    pub fn expired_before(&self, now: Timestamp) -> i64 {
        let kept = self
            .retention_days
            .map(|days| i64::from(days).saturating_mul(DAY_MILLIS));
        kept.map_or(0, |kept| now.millis().saturating_sub(kept).max(0))
    }

    /// The group as DescribeLogGroups answers it.
    pub fn to_api(&self, place: Place) -> LogGroup {
        LogGroup {
            log_group_name: Some(self.name.clone()),
            creation_time: Some(self.created_at.millis()),
            retention_in_days: self.retention_days,
            metric_filter_count: Some(0),
            arn: Some(arn::group_and_streams(place, &self.name)),
            stored_bytes: i64::try_from(self.stored_bytes).ok(),
            log_group_class: Some(self.class.to_api()),
            log_group_arn: Some(arn::group(place, &self.name)),
            deletion_protection_enabled: Some(self.deletion_protection),
            ..LogGroup::default()
        }
    }

    /// The group as ListLogGroups answers it.
    pub fn to_summary(&self, place: Place) -> LogGroupSummary {
        LogGroupSummary {
            log_group_name: Some(self.name.clone()),
            log_group_arn: Some(arn::group(place, &self.name)),
            log_group_class: Some(self.class.to_api()),
        }
    }
}
