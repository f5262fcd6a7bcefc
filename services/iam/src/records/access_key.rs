//! A user's long-lived access key.

use api_iam::{AccessKeyMetadata, StatusType};
use roadstead_core::{AccountId, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

/// An access key as stored, installation-wide under its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessKey {
    /// The id, `AKIA…`.
    pub id: String,
    /// The account of its user.
    pub account: AccountId,
    /// The unique id of its user.
    pub user: String,
    /// The secret.
    pub secret: String,
    /// Whether it is `Active`.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
}

impl Record for AccessKey {
    const TABLE: &'static str = "iam/access-key";
    const VERSION: u16 = 1;
}

impl AccessKey {
    /// The most keys of one user.
    pub const PER_USER: usize = 2;

    /// The status in Amazon's type.
    pub fn status(&self) -> StatusType {
        if self.active {
            StatusType::Active
        } else {
            StatusType::Inactive
        }
    }

    /// What lists show of a key.
    pub fn to_api(&self, user_name: &str) -> AccessKeyMetadata {
        AccessKeyMetadata {
            user_name: Some(user_name.to_owned()),
            access_key_id: Some(self.id.clone()),
            status: Some(self.status()),
            create_date: Some(self.created),
        }
    }
}
