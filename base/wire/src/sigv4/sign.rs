//! Signing as a client does, for Roadstead's own tools, tests and load generator.

use std::fmt;
use std::fmt::Write as _;

use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use ring::hmac;
use roadstead_core::Timestamp;

use super::canonical::{Canonical, encode, hex, payload_hash, string_to_sign};
use super::{ALGORITHM, AuthError, Request, Scope, SigningKey};

/// An access key with its secret.
#[derive(Clone, Copy)]
pub struct Credentials<'c> {
    /// The access key id.
    pub access_key_id: &'c str,
    /// The secret access key.
    pub secret_access_key: &'c str,
    /// The session token, of temporary keys.
    pub session_token: Option<&'c str>,
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, …)", self.access_key_id)
    }
}

/// Signs requests of one client for one region and service.
#[derive(Clone, Debug)]
pub struct Signer<'c> {
    credentials: Credentials<'c>,
    region: &'c str,
    service: &'c str,
}

// Clients and proxies change these on the way.
const UNSIGNED: [&str; 6] = [
    "authorization",
    "connection",
    "expect",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

impl<'c> Signer<'c> {
    /// A signer for that region and signing name.
    pub fn new(credentials: Credentials<'c>, region: &'c str, service: &'c str) -> Self {
        Self {
            credentials,
            region,
            service,
        }
    }

    /// The headers to add to a request (`x-amz-date`, `authorization`, `x-amz-security-token` for a session), so that
    /// it is signed at `now`; its `host` header must be there already.
    pub fn sign(
        &self,
        request: Request<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, AuthError> {
        let stamp = now.basic();
        let mut headers = request.headers.clone();
        let mut added = vec![(HeaderName::from_static("x-amz-date"), header_value(&stamp)?)];
        if let Some(token) = self.credentials.session_token {
            added.push((HeaderName::from_static("x-amz-security-token"), header_value(token)?));
        }
        for (name, value) in &added {
            headers.insert(name, value.clone());
        }
        let signed_headers = covered(&headers);
        let payload = match headers.get("x-amz-content-sha256").map(HeaderValue::to_str) {
            Some(Ok(declared)) => declared.to_owned(),
            _ => payload_hash(body),
        };
        let request = Request {
            headers: &headers,
            ..request
        };
        let signature = self.signature(request, &signed_headers, &payload, &stamp)?;
        let Credentials { access_key_id, .. } = self.credentials;
        let scope = self.scope(&stamp);
        let (day, region, service) = (scope.date, scope.region, scope.service);
        let authorization = format!(
            "{ALGORITHM} Credential={access_key_id}/{day}/{region}/{service}/aws4_request, \
             SignedHeaders={signed_headers}, Signature={signature}"
        );
        added.push((AUTHORIZATION, header_value(&authorization)?));
        Ok(added)
    }

    /// The query string that makes a request presigned at `now` for some seconds; the
    /// parameters that it had are kept in front.
    pub fn presign(
        &self,
        request: Request<'_>,
        body: &[u8],
        now: Timestamp,
        seconds: u32,
    ) -> Result<String, AuthError> {
        let stamp = now.basic();
        let scope = self.scope(&stamp);
        let credential = format!(
            "{}/{}/{}/{}/aws4_request",
            self.credentials.access_key_id, scope.date, scope.region, scope.service
        );
        let signed_headers = covered(request.headers);
        let mut query = request.query.to_owned();
        let seconds = seconds.to_string();
        let mut parameters = vec![
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &stamp),
            ("X-Amz-Expires", &seconds),
            ("X-Amz-SignedHeaders", &signed_headers),
        ];
        if let Some(token) = self.credentials.session_token {
            parameters.push(("X-Amz-Security-Token", token));
        }
        for (name, value) in parameters {
            if !query.is_empty() {
                query.push('&');
            }
            let mut encoded = Vec::new();
            encode(&mut encoded, value.as_bytes());
            query.push_str(name);
            query.push('=');
            query.push_str(&String::from_utf8_lossy(&encoded));
        }
        let payload = if self.service == "s3" {
            "UNSIGNED-PAYLOAD".to_owned()
        } else {
            payload_hash(body)
        };
        let signature = self.signature(
            Request {
                query: &query,
                ..request
            },
            &signed_headers,
            &payload,
            &stamp,
        )?;
        // Writing to a string cannot fail.
        let _ = write!(query, "&X-Amz-Signature={signature}");
        Ok(query)
    }

    fn scope<'s>(&'s self, stamp: &'s str) -> Scope<'s> {
        Scope {
            date: stamp.get(..8).unwrap_or_default(),
            region: self.region,
            service: self.service,
        }
    }

    fn signature(
        &self,
        request: Request<'_>,
        signed_headers: &str,
        payload: &str,
        stamp: &str,
    ) -> Result<String, AuthError> {
        let scope = self.scope(stamp);
        let key = SigningKey::derive(self.credentials.secret_access_key, &scope);
        let canonical = Canonical {
            request,
            service: self.service,
            signed_headers,
            payload,
        }
        .text()?;
        Ok(hex(
            hmac::sign(key.hmac(), &string_to_sign(stamp, &scope, &canonical)).as_ref()
        ))
    }
}

fn covered(headers: &http::HeaderMap) -> String {
    let mut names: Vec<&str> = headers
        .keys()
        .map(HeaderName::as_str)
        .filter(|name| !UNSIGNED.contains(name))
        .collect();
    names.sort_unstable();
    names.join(";")
}

fn header_value(text: &str) -> Result<HeaderValue, AuthError> {
    HeaderValue::from_str(text)
        .map_err(|_| AuthError::Incomplete("the credentials hold a control character".to_owned()))
}
