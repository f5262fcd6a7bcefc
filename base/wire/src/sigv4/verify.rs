//! Proving a signature: the clock, the payload, the signature itself, and the session token.

use ring::hmac;
use roadstead_core::Timestamp;

use super::canonical::{Canonical, payload_hash, string_to_sign};
use super::{AuthError, MAX_SKEW_SECONDS, Signed, SigningKey};

impl Signed<'_> {
    /// Proves that the holder of `key` signed this request and this body (as sent, before any inflating), and that
    /// it is neither too old nor from the future.
    ///
    /// `None` stands for an access key that does not exist: the same work is done, and refused.
    pub fn check(&self, key: Option<&SigningKey>, body: &[u8], now: Timestamp) -> Result<(), AuthError> {
        let Some(key) = key else {
            let outcome = self.verify(&SigningKey::of_nobody(&self.scope()), body, now);
            return match outcome {
                Ok(()) | Err(_) => Err(AuthError::UnknownKey),
            };
        };
        self.verify(key, body, now)
    }

    /// As [`Signed::check`], with a key that is known.
    pub fn verify(&self, key: &SigningKey, body: &[u8], now: Timestamp) -> Result<(), AuthError> {
        self.verify_time(now.secs())?;
        self.verify_signature(key, body)
    }

    /// Proves that the session token is the one that was issued with the access key: none for permanent keys.
    pub fn check_token(&self, issued: Option<&str>) -> Result<(), AuthError> {
        match (self.session_token(), issued) {
            (None, None) => Ok(()),
            (Some(sent), Some(issued)) if same_secret(sent, issued) => Ok(()),
            _ => Err(AuthError::InvalidToken),
        }
    }

    fn verify_time(&self, now: i64) -> Result<(), AuthError> {
        let basic = |seconds| Timestamp::from_secs(seconds).basic();
        let signed_at = self.at.secs();
        if signed_at > now + MAX_SKEW_SECONDS {
            let (now, latest) = (basic(now), basic(now + MAX_SKEW_SECONDS));
            let signed = &self.date;
            return Err(AuthError::Skew(format!(
                "Signature not yet current: {signed} is still later than {latest} ({now} + 15 min.)"
            )));
        }
        let signed = &self.date;
        match self.expires {
            Some(life) if now > signed_at + life => {
                let (now, end) = (basic(now), basic(signed_at + life));
                Err(AuthError::Skew(format!(
                    "Signature expired: {end} is now earlier than {now}"
                )))
            }
            None if signed_at < now - MAX_SKEW_SECONDS => {
                let (now, earliest) = (basic(now), basic(now - MAX_SKEW_SECONDS));
                Err(AuthError::Skew(format!(
                    "Signature expired: {signed} is now earlier than {earliest} ({now} - 15 min.)"
                )))
            }
            _ => Ok(()),
        }
    }

    fn verify_signature(&self, key: &SigningKey, body: &[u8]) -> Result<(), AuthError> {
        let scope = self.scope();
        let declared = self
            .request
            .headers
            .get("x-amz-content-sha256")
            .map(http::HeaderValue::as_bytes);
        let literal = match declared {
            _ if scope.service != "s3" => None,
            // AWS: a presigned S3 request does not cover its payload unless it says so.
            None if self.is_presigned() => Some("UNSIGNED-PAYLOAD"),
            Some(value) => std::str::from_utf8(value)
                .ok()
                .filter(|text| *text == "UNSIGNED-PAYLOAD" || text.starts_with("STREAMING-")),
            None => None,
        };
        let hash;
        let payload = if let Some(literal) = literal {
            literal
        } else {
            hash = payload_hash(body);
            if declared.is_some_and(|declared| declared != hash.as_bytes()) {
                return Err(AuthError::Mismatch);
            }
            &hash
        };
        let canonical = Canonical {
            request: self.request,
            service: scope.service,
            signed_headers: &self.covered,
            payload,
        };
        let text = string_to_sign(&self.date, &scope, &canonical.text()?);
        let signature = self.signature.ok_or(AuthError::Mismatch)?;
        // Compares in constant time.
        hmac::verify(key.hmac(), &text, &signature).map_err(|_| AuthError::Mismatch)
    }
}

/// Whether two secrets are equal, in a time that tells nothing about where they differ.
pub fn same_secret(left: &str, right: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"roadstead compares secrets");
    hmac::verify(&key, left.as_bytes(), hmac::sign(&key, right.as_bytes()).as_ref()).is_ok()
}
