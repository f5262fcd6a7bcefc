//! A launch template and its versions.

use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_kernel::{ApiError, Needs};
use roadstead_store::{Record, ordered};
use serde::{Deserialize, Serialize};

use super::{Resource, TemplateData};
use crate::error::{client, malformed};
use crate::filter::{Filtered, flag};
use crate::tags;

/// A launch template.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LaunchTemplate {
    /// `lt-…`.
    pub id: String,
    /// Its name, unique within the region.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// The ARN of who made it.
    pub created_by: String,
    /// The version that is meant when none is named.
    pub default_version: u64,
    /// The newest version.
    pub latest_version: u64,
    /// The token of the request that made it.
    pub client_token: Option<String>,
    /// The tags.
    pub tags: Tags,
}

/// One version of a launch template; found by the template's id and the number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TemplateVersion {
    /// The template.
    pub template: String,
    /// The number, from 1.
    pub number: u64,
    /// What it is for.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// The ARN of who made it.
    pub created_by: String,
    /// What instances are launched with.
    pub data: TemplateData,
    /// Whether it is the default version, filled in by whoever read the template.
    #[serde(skip)]
    pub is_default: bool,
    /// The template's name, filled in likewise.
    #[serde(skip)]
    pub name: String,
    /// What it sorts by, newest first, filled in likewise.
    #[serde(skip)]
    pub at: String,
    /// Always empty: versions have no tags.
    #[serde(skip)]
    pub tags: Tags,
}

impl Record for LaunchTemplate {
    const TABLE: &'static str = "ec2/launch-template";
    const VERSION: u16 = 1;
}

impl Record for TemplateVersion {
    const TABLE: &'static str = "ec2/launch-template-version";
    const VERSION: u16 = 1;
}

impl Filtered for LaunchTemplate {
    const FILTERS: &'static [&'static str] = &["create-time", "launch-template-name"];

    fn values(&self, _: Place, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "create-time" => vec![self.created.iso8601()],
            "launch-template-name" => vec![self.name.clone()],
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl Filtered for TemplateVersion {
    const FILTERS: &'static [&'static str] = &[
        "create-time",
        "ebs-optimized",
        "iam-instance-profile",
        "image-id",
        "instance-type",
        "is-default-version",
        "kernel-id",
        "ram-disk-id",
    ];

    fn values(&self, _: Place, filter: &str) -> Option<Vec<String>> {
        let data = &self.data;
        let text = |value: &Option<String>| value.iter().cloned().collect();
        Some(match filter {
            "create-time" => vec![self.created.iso8601()],
            "ebs-optimized" => flag(data.ebs_optimized.unwrap_or_default()),
            "iam-instance-profile" => data
                .iam_instance_profile
                .iter()
                .flat_map(|p| [&p.0, &p.1])
                .flatten()
                .cloned()
                .collect(),
            "image-id" => text(&data.image_id),
            "instance-type" => text(&data.instance_type),
            "is-default-version" => flag(self.is_default),
            "kernel-id" => text(&data.kernel_id),
            "ram-disk-id" => text(&data.ram_disk_id),
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl Resource for LaunchTemplate {
    const PREFIX: &'static str = "lt";
    const KIND: &'static str = "launch-template";

    fn id(&self) -> &str {
        &self.id
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn malformed(id: &str) -> ApiError {
        malformed("InvalidLaunchTemplateId.Malformed", id)
    }

    fn missing(id: &str) -> ApiError {
        client(
            "InvalidLaunchTemplateId.NotFound",
            format!("The specified launch template, with template ID {id}, does not exist."),
        )
    }

    fn describe(&self, _: Place, needs: Needs) -> Needs {
        needs
    }
}

impl LaunchTemplate {
    /// The template as replies show it.
    pub fn to_api(&self) -> api_ec2::LaunchTemplate {
        api_ec2::LaunchTemplate {
            launch_template_id: Some(self.id.clone()),
            launch_template_name: Some(self.name.clone()),
            create_time: Some(self.created),
            created_by: Some(self.created_by.clone()),
            default_version_number: i64::try_from(self.default_version).ok(),
            latest_version_number: i64::try_from(self.latest_version).ok(),
            tags: Some(tags::to_api(&self.tags)),
            operator: Some(api_ec2::OperatorResponse {
                managed: Some(false),
                ..Default::default()
            }),
        }
    }
}

impl TemplateVersion {
    /// Fills in what the template knows of the version.
    #[must_use]
    pub fn of(mut self, template: &LaunchTemplate) -> Self {
        self.is_default = self.number == template.default_version;
        self.name.clone_from(&template.name);
        self.at = format!("{}/{}", self.template, ordered(u64::MAX - self.number));
        self
    }

    /// The version as replies show it.
    pub fn to_api(&self) -> api_ec2::LaunchTemplateVersion {
        api_ec2::LaunchTemplateVersion {
            launch_template_id: Some(self.template.clone()),
            launch_template_name: Some(self.name.clone()),
            version_number: i64::try_from(self.number).ok(),
            version_description: self.description.clone(),
            create_time: Some(self.created),
            created_by: Some(self.created_by.clone()),
            default_version: Some(self.is_default),
            launch_template_data: Some(self.data.to_api()),
            operator: Some(api_ec2::OperatorResponse {
                managed: Some(false),
                ..Default::default()
            }),
        }
    }
}
