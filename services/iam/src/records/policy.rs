//! A customer managed policy with its versions.

use roadstead_core::Timestamp;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{Common, Entity, Kind};
use crate::documents;

/// A customer managed policy as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Name, path, id, tags.
    pub common: Common,
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it last changed.
    pub updated: Timestamp,
    /// Its versions, oldest first.
    pub versions: Vec<Version>,
    /// The number of the default version.
    pub default: u32,
    /// The number that the next version gets; numbers are never used twice.
    pub next: u32,
}

/// One version of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Its number, from 1.
    pub number: u32,
    /// The document as the caller wrote it.
    pub document: String,
    /// When it was made.
    pub created: Timestamp,
}

impl Record for Policy {
    const TABLE: &'static str = "iam/policy";
    const VERSION: u16 = 1;
}

impl Entity for Policy {
    const KIND: Kind = Kind::Policy;

    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }
}

impl Version {
    /// The id, such as `v1`.
    pub fn id(&self) -> String {
        format!("v{}", self.number)
    }

    /// The version in Amazon's type, without the document.
    pub fn to_api(&self, default: u32) -> api_iam::PolicyVersion {
        api_iam::PolicyVersion {
            document: None,
            version_id: Some(self.id()),
            is_default_version: Some(self.number == default),
            create_date: Some(self.created),
        }
    }

    /// The version in Amazon's type, with the document.
    pub fn to_full_api(&self, default: u32) -> api_iam::PolicyVersion {
        api_iam::PolicyVersion {
            document: Some(documents::encoded(&self.document)),
            ..self.to_api(default)
        }
    }
}

impl Policy {
    /// The version that counts.
    pub fn default_version(&self) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == self.default)
    }

    /// The version of that id.
    pub fn version(&self, id: &str) -> Option<&Version> {
        let number: u32 = id.strip_prefix('v')?.parse().ok()?;
        self.versions.iter().find(|version| version.number == number)
    }
}
