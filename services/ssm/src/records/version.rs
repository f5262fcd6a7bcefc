//! A version of a parameter as it is stored; secure values are sealed.

use std::fmt;

use api_ssm::{ParameterTier, ParameterType};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roadstead_core::Timestamp;
use roadstead_kernel::{Cx, Fault, Result};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

/// What secure values are sealed for.
const PURPOSE: &str = "ssm/parameter";

/// A version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version {
    /// Counted from 1.
    pub number: u64,
    /// The value.
    pub value: Kept,
    /// The key that a secure value is said to be encrypted with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What values have to match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_pattern: Option<String>,
    /// The tier.
    pub tier: Tier,
    /// `text` or `aws:ec2:image`.
    pub data_type: String,
    /// When it was written.
    pub modified_at: Timestamp,
    /// The ARN of who wrote it.
    pub modified_by: String,
}

/// A version that is not the latest one any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Superseded(pub Version);

impl Record for Superseded {
    const TABLE: &'static str = "ssm/superseded";
    const VERSION: u16 = 1;
}

/// A value as it is kept; its `Debug` form shows nothing of it.
#[derive(Clone, Serialize, Deserialize)]
pub enum Kept {
    /// In the clear.
    Plain(String),
    /// Sealed with a key of the installation.
    Sealed(Sealed),
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Sealed(_) => "Sealed",
        })
    }
}

/// A sealed value, as base64.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    /// Seals the value of a parameter's version.
    pub fn close(cx: &Cx, name: &str, number: u64, value: &str) -> Result<Self> {
        let sealed = cx
            .kernel()
            .seal(PURPOSE)
            .close(&of(cx, name, number), value.as_bytes())?;
        Ok(Self(STANDARD.encode(sealed)))
    }

    /// The value in the clear.
    pub fn open(&self, cx: &Cx, name: &str, number: u64) -> Result<String> {
        let sealed = STANDARD.decode(&self.0).map_err(Fault::internal)?;
        let plain = cx.kernel().seal(PURPOSE).open(&of(cx, name, number), &sealed)?;
        String::from_utf8(plain).map_err(|_| Fault::internal("a secure value that is not text"))
    }

    /// The value as who may not decrypt it sees it.
    pub fn text(&self) -> String {
        self.0.clone()
    }
}

fn of(cx: &Cx, name: &str, number: u64) -> String {
    format!("{} {number}", crate::name::arn(cx.place(), name))
}

/// The types of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Type {
    /// Text.
    String,
    /// Texts, separated by commas.
    StringList,
    /// Text that is sealed.
    SecureString,
}

impl Type {
    /// The type as the API names it.
    pub fn to_api(self) -> ParameterType {
        match self {
            Self::String => ParameterType::String,
            Self::StringList => ParameterType::StringList,
            Self::SecureString => ParameterType::SecureString,
        }
    }

    /// The type that the API names; `None` for one that is unknown.
    pub fn from_api(named: &ParameterType) -> Option<Self> {
        match named {
            ParameterType::String => Some(Self::String),
            ParameterType::StringList => Some(Self::StringList),
            ParameterType::SecureString => Some(Self::SecureString),
            ParameterType::Other(_) => None,
        }
    }
}

/// The tiers of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tier {
    /// Up to 4 KB.
    Standard,
    /// Up to 8 KB.
    Advanced,
}

impl Tier {
    /// The tier as the API names it.
    pub fn to_api(self) -> ParameterTier {
        match self {
            Self::Standard => ParameterTier::Standard,
            Self::Advanced => ParameterTier::Advanced,
        }
    }
}

impl Version {
    /// The number as the API carries it.
    pub fn api_number(&self) -> Option<i64> {
        i64::try_from(self.number).ok()
    }
}
