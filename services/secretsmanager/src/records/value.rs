//! The value of a secret's version as it is stored: sealed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roadstead_kernel::{Cx, Fault, Result};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::Secret;
use crate::content::Content;

/// What values are sealed for.
const PURPOSE: &str = "secretsmanager/value";

/// A value.
#[derive(Clone, Serialize, Deserialize)]
pub struct Value {
    /// The sealed bytes, as base64.
    sealed: String,
    /// Whether they are bytes rather than text.
    binary: bool,
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value").finish_non_exhaustive()
    }
}

impl Record for Value {
    const TABLE: &'static str = "secretsmanager/value";
    const VERSION: u16 = 1;
}

impl Value {
    /// Seals the value of a version.
    pub fn close(cx: &Cx, secret: &Secret, version: &str, content: &Content) -> Result<Self> {
        let (bytes, binary) = match content {
            Content::Text(text) => (text.as_bytes(), false),
            Content::Binary(bytes) => (bytes.as_ref(), true),
        };
        let sealed = cx.kernel().seal(PURPOSE).close(&of(cx, secret, version), bytes)?;
        Ok(Self {
            sealed: STANDARD.encode(sealed),
            binary,
        })
    }

    /// Opens it.
    pub fn open(&self, cx: &Cx, secret: &Secret, version: &str) -> Result<Content> {
        let sealed = STANDARD.decode(&self.sealed).map_err(Fault::internal)?;
        let plain = cx.kernel().seal(PURPOSE).open(&of(cx, secret, version), &sealed)?;
        if self.binary {
            return Ok(Content::Binary(plain.into()));
        }
        let text = String::from_utf8(plain).map_err(|_| Fault::internal("a secret text that is no text"))?;
        Ok(Content::Text(text))
    }
}

fn of(cx: &Cx, secret: &Secret, version: &str) -> String {
    format!("{} {version}", secret.arn(cx.place()))
}
