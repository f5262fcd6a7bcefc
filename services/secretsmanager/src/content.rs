//! What a secret is: text or bytes. Its `Debug` form shows nothing of it.

use std::fmt;

use bytes::Bytes;
use roadstead_kernel::Result;

use crate::error::invalid;

/// The content of a version.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// `SecretString`.
    Text(String),
    /// `SecretBinary`.
    Binary(Bytes),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Binary(_) => "Binary",
        })
    }
}

impl Content {
    /// What a call gave, if it gave anything. Errors: `InvalidParameterException` for both at once.
    pub fn given(text: Option<String>, binary: Option<Bytes>) -> Result<Option<Self>> {
        match (text, binary) {
            (Some(_), Some(_)) => Err(invalid(
                "You can't specify both a binary secret value and a string secret value in the same secret.",
            )),
            (Some(text), None) => Ok(Some(Self::Text(text))),
            (None, Some(bytes)) => Ok(Some(Self::Binary(bytes))),
            (None, None) => Ok(None),
        }
    }

    /// As replies carry it.
    pub fn into_api(self) -> (Option<String>, Option<Bytes>) {
        match self {
            Self::Text(text) => (Some(text), None),
            Self::Binary(bytes) => (None, Some(bytes)),
        }
    }
}
