//! Signature version 4: proves who sent a request and that nobody altered it, in header and presigned form.
//!
//! ```text
//! Signed::parse(request)         which key, which scope, which headers; None when unsigned
//!   └─ SigningKeyCache::key      the derived key of that scope (unknown access keys: `None`)
//!        └─ signed.check(…)      clock, payload, signature; then the session token
//! ```
//!
//! AWS: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

mod canonical;
mod error;
mod key;
mod parse;
pub mod sign;
mod verify;

#[cfg(test)]
mod tests;

pub use error::{AuthError, Family};
pub use key::{SigningKey, SigningKeyCache};
pub use parse::{Scope, Signed};
pub use verify::same_secret;

use http::HeaderMap;

/// The one algorithm that is spoken.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far a client's clock may be away, in seconds.
pub const MAX_SKEW_SECONDS: i64 = 15 * 60;
/// The longest life of a presigned request, in seconds (seven days).
pub const MAX_PRESIGNED_SECONDS: i64 = 604_800;
/// The most headers that one signature may cover.
pub const MAX_SIGNED_HEADERS: usize = 128;
/// How many derived signing keys are kept.
pub const MAX_CACHED_KEYS: usize = 1024;

/// The parts of a request that a signature covers, as they came over the wire.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The method, upper case.
    pub method: &'r str,
    /// The path as sent, percent-encoded, without the query string.
    pub path: &'r str,
    /// The query string as sent, without its question mark.
    pub query: &'r str,
    /// The headers as sent, in order of arrival for each name.
    pub headers: &'r HeaderMap,
}

impl<'r> Request<'r> {
    /// Takes the signed parts of a parsed request head.
    pub fn of(method: &'r http::Method, uri: &'r http::Uri, headers: &'r HeaderMap) -> Self {
        Self {
            method: method.as_str(),
            path: uri.path(),
            query: uri.query().unwrap_or_default(),
            headers,
        }
    }
}

impl<'r> From<&'r http::request::Parts> for Request<'r> {
    fn from(parts: &'r http::request::Parts) -> Self {
        Self::of(&parts.method, &parts.uri, &parts.headers)
    }
}
