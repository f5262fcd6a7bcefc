//! A parameter as it is stored, with its latest version.

use std::collections::BTreeMap;

use api_ssm::ParameterMetadata;
use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{Type, Version};
use crate::name::arn;

/// A parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameter {
    /// The name, unique within an account and region.
    pub name: String,
    /// The type, which stays.
    pub kind: Type,
    /// The version that is meant where none is named.
    pub latest: Version,
    /// The number of the oldest version that is kept.
    pub oldest: u64,
    /// Which version each label is attached to.
    #[serde(default)]
    pub labels: BTreeMap<String, u64>,
    /// The tags.
    #[serde(default)]
    pub tags: Tags,
}

impl Record for Parameter {
    const TABLE: &'static str = "ssm/parameter";
    const VERSION: u16 = 1;
}

impl Parameter {
    /// The labels of a version.
    pub fn labels_of(&self, version: u64) -> Vec<String> {
        let of = self.labels.iter().filter(|(_, number)| **number == version);
        of.map(|(label, _)| label.clone()).collect()
    }

    /// A version as GetParameter answers it, with the value given.
    pub fn to_api(&self, place: Place, version: &Version, value: String) -> api_ssm::Parameter {
        api_ssm::Parameter {
            name: Some(self.name.clone()),
            r#type: Some(self.kind.to_api()),
            value: Some(value),
            version: version.api_number(),
            last_modified_date: Some(version.modified_at),
            arn: Some(arn(place, &self.name)),
            data_type: Some(version.data_type.clone()),
            ..api_ssm::Parameter::default()
        }
    }

    /// The parameter as DescribeParameters answers it.
    pub fn to_metadata(&self, place: Place) -> ParameterMetadata {
        let latest = &self.latest;
        ParameterMetadata {
            name: Some(self.name.clone()),
            arn: Some(arn(place, &self.name)),
            r#type: Some(self.kind.to_api()),
            key_id: latest.key_id.clone(),
            last_modified_date: Some(latest.modified_at),
            last_modified_user: Some(latest.modified_by.clone()),
            description: latest.description.clone(),
            allowed_pattern: latest.allowed_pattern.clone(),
            version: latest.api_number(),
            tier: Some(latest.tier.to_api()),
            policies: Some(Vec::new()),
            data_type: Some(latest.data_type.clone()),
        }
    }

    /// A version as GetParameterHistory answers it, with the value given.
    pub fn to_history(&self, version: &Version, value: String) -> api_ssm::ParameterHistory {
        api_ssm::ParameterHistory {
            name: Some(self.name.clone()),
            r#type: Some(self.kind.to_api()),
            key_id: version.key_id.clone(),
            last_modified_date: Some(version.modified_at),
            last_modified_user: Some(version.modified_by.clone()),
            description: version.description.clone(),
            value: Some(value),
            allowed_pattern: version.allowed_pattern.clone(),
            version: version.api_number(),
            labels: Some(self.labels_of(version.number)),
            tier: Some(version.tier.to_api()),
            policies: Some(Vec::new()),
            data_type: Some(version.data_type.clone()),
        }
    }
}
