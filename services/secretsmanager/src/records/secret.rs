//! A secret as it is stored: all but its values.

use std::collections::BTreeMap;
use std::time::Duration;

use api_secretsmanager::{DescribeSecretResponse, SecretListEntry};
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use crate::{id, tagging};

const DAY_MILLIS: i64 = 86_400_000;

/// A secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Secret {
    /// The name, unique within an account and region.
    pub name: String,
    /// The six characters behind the name in the ARN.
    pub suffix: String,
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The key that its values are said to be encrypted with; that of the service when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// Its resource policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The tags.
    #[serde(default)]
    pub tags: Tags,
    /// Its versions by id.
    #[serde(default)]
    pub versions: BTreeMap<String, Version>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// The day on which a value was last read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accessed_on: Option<Timestamp>,
    /// That it is to be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Deletion>,
}

/// A version of a secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version {
    /// When it was made.
    pub created_at: Timestamp,
    /// Its staging labels; without any it is deprecated.
    #[serde(default)]
    pub stages: Vec<String>,
    /// The day on which it was last read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accessed_on: Option<Timestamp>,
}

/// When a secret is deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deletion {
    /// The end of its recovery window.
    pub due_at: Timestamp,
}

impl Record for Secret {
    const TABLE: &'static str = "secretsmanager/secret";
    const VERSION: u16 = 1;
}

impl Secret {
    /// The ARN.
    pub fn arn(&self, place: Place) -> String {
        id::arn(place, &self.name, &self.suffix)
    }

    /// What no other secret of the place ever had: a deleted one's values are never taken for those of its successor.
    pub fn unique_name(&self) -> String {
        format!("{}-{}", self.name, self.suffix)
    }

    /// Whether its recovery window is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.deletion.as_ref().is_some_and(|deletion| deletion.due_at <= now)
    }

    /// Notes that a version was read; tells whether that is news.
    // AWS: only the day is told.
    pub fn accessed(&mut self, version: &str, now: Timestamp) -> bool {
        let today = Some(Timestamp::from_millis(
            now.millis() - now.millis().rem_euclid(DAY_MILLIS),
        ));
        let of_version = self.versions.get_mut(version).map(|version| &mut version.accessed_on);
        let mut news = false;
        for noted in of_version.into_iter().chain([&mut self.accessed_on]) {
            news |= *noted != today;
            *noted = today;
        }
        news
    }

    /// Marks it for deletion, and tells when that is.
    pub fn mark(&mut self, now: Timestamp, days: u64) -> Timestamp {
        let due_at = now.plus(Duration::from_secs(days * 86_400));
        self.deletion = Some(Deletion { due_at });
        due_at
    }

    /// Which versions have labels, as replies carry it.
    pub fn stages(&self) -> Option<BTreeMap<String, Vec<String>>> {
        let labelled = self.versions.iter().filter(|(_, version)| !version.stages.is_empty());
        let all: BTreeMap<_, _> = labelled
            .map(|(id, version)| (id.clone(), version.stages.clone()))
            .collect();
        (!all.is_empty()).then_some(all)
    }

    /// The secret as DescribeSecret answers it.
    pub fn to_api(&self, place: Place) -> DescribeSecretResponse {
        DescribeSecretResponse {
            arn: Some(self.arn(place)),
            name: Some(self.name.clone()),
            description: self.description.clone(),
            kms_key_id: self.kms_key_id.clone(),
            last_changed_date: Some(self.changed_at),
            last_accessed_date: self.accessed_on,
            deleted_date: self.deletion.as_ref().map(|deletion| deletion.due_at),
            tags: Some(tagging::to_api(&self.tags)),
            version_ids_to_stages: self.stages(),
            created_date: Some(self.created_at),
            ..DescribeSecretResponse::default()
        }
    }

    /// The secret as ListSecrets answers it.
    pub fn to_list_entry(&self, place: Place) -> SecretListEntry {
        let described = self.to_api(place);
        SecretListEntry {
            arn: described.arn,
            name: described.name,
            description: described.description,
            kms_key_id: described.kms_key_id,
            last_changed_date: described.last_changed_date,
            last_accessed_date: described.last_accessed_date,
            deleted_date: described.deleted_date,
            tags: described.tags,
            secret_versions_to_stages: described.version_ids_to_stages,
            created_date: described.created_date,
            ..SecretListEntry::default()
        }
    }
}
