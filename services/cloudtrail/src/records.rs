//! What CloudTrail stores: trails.

use roadstead_core::{Arn, Region, Tags, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use crate::selectors::Selectors;

/// A trail as stored, under its name in its home region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "a trail is a set of switches")]
pub struct Trail {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
    /// The region it was made in.
    pub home: Region,
    /// Where it would deliver to.
    pub bucket: String,
    /// The prefix in the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The topic that would be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The log group that events would go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group_arn: Option<String>,
    /// The role that would write to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_role_arn: Option<String>,
    /// The key that files would be encrypted with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// Whether it covers global services.
    pub global_events: bool,
    /// Whether it covers all regions.
    pub multi_region: bool,
    /// Whether files would be signed.
    pub validation: bool,
    /// Whether it logs.
    pub logging: bool,
    /// When logging was last started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When logging was last stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Timestamp>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// Which events it is about.
    #[serde(default, skip_serializing_if = "Selectors::is_default")]
    pub selectors: Selectors,
}

/// What is written in an optional member: AWS takes an empty text for none.
pub fn written<T: AsRef<str>>(text: Option<T>) -> Option<T> {
    text.filter(|text| !text.as_ref().is_empty())
}

impl Record for Trail {
    const TABLE: &'static str = "cloudtrail/trail";
    const VERSION: u16 = 1;
}

impl Trail {
    /// The trail in Amazon's type.
    pub fn to_api(&self) -> api_cloudtrail::Trail {
        api_cloudtrail::Trail {
            name: Some(self.name.clone()),
            s3_bucket_name: Some(self.bucket.clone()),
            s3_key_prefix: self.prefix.clone(),
            sns_topic_name: self.topic.clone(),
            sns_topic_arn: self.topic_arn(),
            include_global_service_events: Some(self.global_events),
            is_multi_region_trail: Some(self.multi_region),
            home_region: Some(self.home.to_string()),
            trail_arn: Some(self.arn.clone()),
            log_file_validation_enabled: Some(self.validation),
            cloud_watch_logs_log_group_arn: self.log_group_arn.clone(),
            cloud_watch_logs_role_arn: self.log_role_arn.clone(),
            kms_key_id: self.kms_key_id.clone(),
            has_custom_event_selectors: Some(!self.selectors.is_default()),
            has_insight_selectors: Some(false),
            is_organization_trail: Some(false),
        }
    }
    /// The ARN of the topic; a name is that of a topic of the trail's account and region.
    fn topic_arn(&self) -> Option<String> {
        let topic = self.topic.as_deref()?;
        if topic.starts_with("arn:") {
            return Some(topic.to_owned());
        }
        Some(Arn::parse(&self.arn)?.place()?.arn("sns", topic))
    }
}
