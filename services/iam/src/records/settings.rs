//! What an account sets for itself as a whole.

use roadstead_store::Record;
use serde::{Deserialize, Serialize};

/// An account's settings; all of one account in one record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The account's other name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// What passwords must be like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_policy: Option<PasswordPolicy>,
}

/// What passwords must be like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PasswordPolicy {
    /// The fewest characters.
    pub minimum_length: i32,
    /// Whether a symbol is required.
    pub symbols: bool,
    /// Whether a digit is required.
    pub numbers: bool,
    /// Whether an upper-case letter is required.
    pub upper_case: bool,
    /// Whether a lower-case letter is required.
    pub lower_case: bool,
    /// Whether users may change their own.
    pub users_may_change: bool,
    /// After how many days a password expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_days: Option<i32>,
    /// How many old passwords cannot be used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reuse_prevention: Option<i32>,
    /// Whether an expired password must be reset by an administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hard_expiry: Option<bool>,
}

impl Record for Settings {
    const TABLE: &'static str = "iam/settings";
    const VERSION: u16 = 1;
}

impl PasswordPolicy {
    /// The policy in Amazon's type.
    pub fn to_api(&self) -> api_iam::PasswordPolicy {
        api_iam::PasswordPolicy {
            minimum_password_length: Some(self.minimum_length),
            require_symbols: Some(self.symbols),
            require_numbers: Some(self.numbers),
            require_uppercase_characters: Some(self.upper_case),
            require_lowercase_characters: Some(self.lower_case),
            allow_users_to_change_password: Some(self.users_may_change),
            expire_passwords: Some(self.max_age_days.is_some()),
            max_password_age: self.max_age_days,
            password_reuse_prevention: self.reuse_prevention,
            hard_expiry: self.hard_expiry,
        }
    }

    /// What a password lacks.
    pub fn violated_by(&self, password: &str) -> Option<&'static str> {
        let has = |wanted: fn(char) -> bool| password.chars().any(wanted);
        let length = usize::try_from(self.minimum_length).unwrap_or(0);
        if password.chars().count() < length {
            return Some("Password does not conform to the account password policy: it is too short.");
        }
        let missing = (self.symbols && !has(|c| c.is_ascii_punctuation()))
            || (self.numbers && !has(|c| c.is_ascii_digit()))
            || (self.upper_case && !has(|c| c.is_ascii_uppercase()))
            || (self.lower_case && !has(|c| c.is_ascii_lowercase()));
        missing.then_some("Password does not conform to the account password policy.")
    }
}
