//! Identity providers, kept as data.

use roadstead_core::{Tags, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

/// An OpenID Connect provider, stored under its URL without the scheme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OidcProvider {
    /// The ARN.
    pub arn: String,
    /// The URL without the scheme.
    pub url: String,
    /// The audiences it issues tokens for.
    pub clients: Vec<String>,
    /// Thumbprints of its certificates.
    pub thumbprints: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// A SAML provider, stored under its name in lower case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamlProvider {
    /// The ARN.
    pub arn: String,
    /// The name.
    pub name: String,
    /// Its unique id.
    pub uuid: String,
    /// The metadata document.
    pub document: String,
    /// When the document ends to be valid.
    pub valid_until: Timestamp,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

impl Record for OidcProvider {
    const TABLE: &'static str = "iam/oidc-provider";
    const VERSION: u16 = 1;
}

impl Record for SamlProvider {
    const TABLE: &'static str = "iam/saml-provider";
    const VERSION: u16 = 1;
}
