//! Reading a signature: which key signed what, before anything is proven.

use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use roadstead_core::Timestamp;

use super::canonical::{decode, nibble};
use super::{ALGORITHM, AuthError, MAX_PRESIGNED_SECONDS, MAX_SIGNED_HEADERS, Request};

/// What a derived key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope<'s> {
    /// The day, `YYYYMMDD`.
    pub date: &'s str,
    /// The region as the client names it, also for global services.
    pub region: &'s str,
    /// The signing name of the service, such as `ecs` or `monitoring`.
    pub service: &'s str,
}

/// A request that carries a signature; nothing is proven until [`Signed::check`] agrees.
#[derive(Clone)]
pub struct Signed<'r> {
    pub(super) request: Request<'r>,
    credential: Cow<'r, str>,
    /// The names of the headers that the signature covers, joined with `;`.
    pub(super) covered: Cow<'r, str>,
    /// `None` when the text is not a signature at all, which can only be a mismatch.
    pub(super) signature: Option<[u8; 32]>,
    pub(super) date: Cow<'r, str>,
    pub(super) at: Timestamp,
    /// Life of a presigned request in seconds.
    pub(super) expires: Option<i64>,
    session_token: Option<Cow<'r, str>>,
}

impl fmt::Debug for Signed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed")
            .field("credential", &self.credential)
            .field("covered", &self.covered)
            .field("date", &self.date)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl<'r> Signed<'r> {
    /// Reads the signature of a request, from its header or its query string; `None` when it has none.
    pub fn parse(request: Request<'r>) -> Result<Option<Self>, AuthError> {
        let presigned = is_presigned(request.query);
        let mut authorizations = request.headers.get_all(AUTHORIZATION).iter();
        let signed = match (authorizations.next(), presigned) {
            (None, false) => return Ok(None),
            (Some(_), true) => {
                return incomplete("The request carries a signature in its header and another in its query string.");
            }
            (Some(value), false) => {
                if authorizations.next().is_some() {
                    return incomplete("The request carries more than one Authorization header.");
                }
                let Ok(value) = value.to_str() else {
                    return incomplete("The Authorization header is not plain text.");
                };
                if value.trim().is_empty() {
                    return Ok(None);
                }
                Self::from_header(request, value)?
            }
            (None, true) => Self::from_query(request)?,
        };
        signed.require_signed_headers()?;
        Ok(Some(signed))
    }

    /// The access key that is said to have signed.
    pub fn access_key_id(&self) -> &str {
        // INVARIANT: `assemble` saw five parts, so the fourth separator from the right is there.
        self.credential.rsplitn(5, '/').nth(4).unwrap_or_default()
    }

    /// Day, region and service of the signature.
    pub fn scope(&self) -> Scope<'_> {
        let mut parts = self.credential.rsplitn(5, '/').skip(1);
        let mut next = || parts.next().unwrap_or_default();
        let (service, region, date) = (next(), next(), next());
        Scope { date, region, service }
    }

    /// The session token, of temporary keys.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// Whether the signature came in the query string.
    pub fn is_presigned(&self) -> bool {
        self.expires.is_some()
    }

    /// When the client says that it signed.
    pub fn signed_at(&self) -> Timestamp {
        self.at
    }

    pub(super) fn credential(&self) -> &str {
        &self.credential
    }

    fn from_header(request: Request<'r>, value: &'r str) -> Result<Self, AuthError> {
        let value = value.trim();
        let (algorithm, rest) = value.split_once(' ').unwrap_or((value, ""));
        check_algorithm(algorithm)?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            let Some((name, value)) = part.split_once('=') else {
                return incomplete(format!(
                    "'{part}' not a valid key=value pair (missing equal-sign) in Authorization header."
                ));
            };
            let slot = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return incomplete(format!("Authorization header has more than one '{name}' parameter."));
            }
        }
        let date = header(request.headers, "x-amz-date")?;
        let (Some(credential), Some(signed_headers), Some(signature), Some(date)) =
            (credential, signed_headers, signature, date)
        else {
            let mut why = String::new();
            for (name, missing) in [
                ("Credential", credential.is_none()),
                ("Signature", signature.is_none()),
                ("SignedHeaders", signed_headers.is_none()),
            ] {
                if missing {
                    why.push_str("Authorization header requires '");
                    why.push_str(name);
                    why.push_str("' parameter. ");
                }
            }
            if date.is_none() {
                why.push_str("Authorization header requires existence of a 'X-Amz-Date' header. ");
            }
            return incomplete(why.trim_end());
        };
        Self::assemble(Parts {
            request,
            credential: credential.into(),
            signed_headers: signed_headers.into(),
            signature: signature.into(),
            date: date.into(),
            expires: None,
            session_token: header(request.headers, "x-amz-security-token")?.map(Cow::from),
        })
    }

    fn from_query(request: Request<'r>) -> Result<Self, AuthError> {
        let mut found: [Option<Cow<'r, str>>; 7] = Default::default();
        let [algorithm, credential, signed_headers, signature, date, expires, token] = &mut found;
        for pair in request.query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let slot = match name {
                "X-Amz-Algorithm" => &mut *algorithm,
                "X-Amz-Credential" => &mut *credential,
                "X-Amz-SignedHeaders" => &mut *signed_headers,
                "X-Amz-Signature" => &mut *signature,
                "X-Amz-Date" => &mut *date,
                "X-Amz-Expires" => &mut *expires,
                "X-Amz-Security-Token" => &mut *token,
                _ => continue,
            };
            if slot.replace(decode_text(value)?).is_some() {
                return incomplete(format!("AWS query-string parameters must hold '{name}' once."));
            }
        }
        if let Some(algorithm) = algorithm {
            check_algorithm(algorithm)?;
        }
        let [
            algorithm,
            credential,
            signed_headers,
            signature,
            date,
            expires,
            session_token,
        ] = found;
        let (Some(_), Some(credential), Some(signed_headers), Some(signature), Some(date), Some(expires)) =
            (algorithm, credential, signed_headers, signature, date, expires)
        else {
            return incomplete(
                "AWS query-string parameters must include 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', \
                 'X-Amz-Expires', 'X-Amz-Signature' and 'X-Amz-SignedHeaders'.",
            );
        };
        let expires = expires.parse::<u32>().ok().map(i64::from);
        let Some(expires) = expires.filter(|seconds| (1..=MAX_PRESIGNED_SECONDS).contains(seconds)) else {
            return incomplete(format!(
                "X-Amz-Expires must be between 1 and {MAX_PRESIGNED_SECONDS} seconds."
            ));
        };
        let expires = Some(expires);
        Self::assemble(Parts {
            request,
            credential,
            signed_headers,
            signature,
            date,
            expires,
            session_token,
        })
    }

    fn assemble(parts: Parts<'r>) -> Result<Self, AuthError> {
        let Parts {
            request,
            credential,
            signed_headers,
            signature,
            date,
            expires,
            session_token,
        } = parts;
        let mut fields = credential.rsplitn(5, '/');
        let (term, service, region, day, access_key_id) = (
            fields.next(),
            fields.next(),
            fields.next(),
            fields.next(),
            fields.next(),
        );
        let (Some(term), Some(service), Some(region), Some(day), Some(access_key_id)) =
            (term, service, region, day, access_key_id)
        else {
            return incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
                 '{credential}'"
            ));
        };
        if term != "aws4_request" {
            return incomplete("Credential should be scoped with a valid terminator: 'aws4_request'.");
        }
        if service.is_empty() || region.is_empty() || access_key_id.is_empty() {
            return incomplete("Credential should be scoped to a valid region and to a service.");
        }
        let Some(signed_at) = basic_date(&date) else {
            return incomplete("Date must be in ISO-8601 'basic format', such as '20150830T123600Z'.");
        };
        if !date.starts_with(day) || day.len() != 8 {
            return incomplete("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date.");
        }
        if signed_headers.split(';').count() > MAX_SIGNED_HEADERS {
            return incomplete(format!("A signature may cover at most {MAX_SIGNED_HEADERS} headers."));
        }
        let signature = signature_bytes(&signature);
        let (covered, at) = (signed_headers, signed_at);
        Ok(Self {
            request,
            credential,
            covered,
            signature,
            date,
            at,
            expires,
            session_token,
        })
    }

    /// Whatever changes the meaning of a request must be covered by its signature.
    fn require_signed_headers(&self) -> Result<(), AuthError> {
        let covers = |name: &str| self.covered.split(';').any(|covered| covered == name);
        if !covers("host") {
            return incomplete("'Host' must be a 'SignedHeader' in the AWS Authorization.");
        }
        for name in self.request.headers.keys() {
            let name = name.as_str();
            // A user agent means nothing to a service, and proxies may add it.
            if name.starts_with("x-amz-") && name != "x-amz-user-agent" && !covers(name) {
                return Err(AuthError::Mismatch);
            }
        }
        Ok(())
    }
}

struct Parts<'r> {
    request: Request<'r>,
    credential: Cow<'r, str>,
    signed_headers: Cow<'r, str>,
    signature: Cow<'r, str>,
    date: Cow<'r, str>,
    expires: Option<i64>,
    session_token: Option<Cow<'r, str>>,
}

fn incomplete<T>(why: impl Into<String>) -> Result<T, AuthError> {
    Err(AuthError::Incomplete(why.into()))
}

fn check_algorithm(algorithm: &str) -> Result<(), AuthError> {
    match algorithm {
        ALGORITHM => Ok(()),
        "AWS4-ECDSA-P256-SHA256" => incomplete("AWS4-ECDSA-P256-SHA256 is not supported; sign with AWS4-HMAC-SHA256."),
        _ => incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.")),
    }
}

fn is_presigned(query: &str) -> bool {
    query.contains("X-Amz-")
        && query.split('&').any(|pair| {
            matches!(
                pair.split('=').next(),
                Some("X-Amz-Signature" | "X-Amz-Credential" | "X-Amz-Algorithm")
            )
        })
}

fn header<'r>(headers: &'r HeaderMap, name: &str) -> Result<Option<&'r str>, AuthError> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(text) => Ok(Some(text.trim())),
        Err(_) => incomplete(format!("The header '{name}' is not plain text.")),
    }
}

fn decode_text(value: &str) -> Result<Cow<'_, str>, AuthError> {
    if !value.contains(['%', '+']) {
        return Ok(Cow::Borrowed(value));
    }
    match String::from_utf8(decode(value.as_bytes(), true)) {
        Ok(text) => Ok(Cow::Owned(text)),
        Err(_) => incomplete("A query-string parameter of the signature is not UTF-8."),
    }
}

/// Reads `20150830T123600Z` and nothing else.
fn basic_date(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').and_then(|rest| rest.split_once('T'))?;
    let plain = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    (plain(digits.0, 8) && plain(digits.1, 6))
        .then(|| Timestamp::parse_iso8601(text))
        .flatten()
}

fn signature_bytes(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}
