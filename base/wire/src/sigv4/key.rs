//! Signing keys: derived from a secret for one day, region and service, and kept for the next request.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use ring::hmac;

use super::{Scope, Signed};

/// The key that signs for one scope; cheap to clone, never shown.
#[derive(Clone)]
pub struct SigningKey(Arc<hmac::Key>);

impl SigningKey {
    /// Derives the key of a scope from a secret access key.
    pub fn derive(secret: &str, scope: &Scope<'_>) -> Self {
        let mut seed = Vec::with_capacity(4 + secret.len());
        seed.extend_from_slice(b"AWS4");
        seed.extend_from_slice(secret.as_bytes());
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, &seed);
        seed.fill(0);
        for part in [scope.date, scope.region, scope.service, "aws4_request"] {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        Self(Arc::new(key))
    }

    /// A key that no secret has, for requests with an access key that does not exist.
    pub(super) fn of_nobody(scope: &Scope<'_>) -> Self {
        Self::derive("0000000000000000000000000000000000000000", scope)
    }

    pub(super) fn hmac(&self) -> &hmac::Key {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// Derived keys by access key id, date, region and service; bounded, the least recently used goes first.
pub struct SigningKeyCache {
    // By the credential as sent, `AKID/date/region/service/aws4_request`: exactly the identity of a derived key.
    kept: RwLock<HashMap<Box<str>, Kept>>,
    limit: usize,
    uses: AtomicU64,
}

struct Kept {
    key: SigningKey,
    used: AtomicU64,
}

impl SigningKeyCache {
    /// A cache for at most `limit` keys.
    pub fn new(limit: usize) -> Self {
        Self {
            kept: RwLock::default(),
            limit: limit.max(1),
            uses: AtomicU64::new(0),
        }
    }

    /// The signing key of this request's scope, derived from `secret` unless it is at hand.
    ///
    /// Ask the directory for the secret first: a kept key says nothing about whether its access key still exists.
    pub fn key(&self, signed: &Signed<'_>, secret: &str) -> SigningKey {
        let now = self.uses.fetch_add(1, Ordering::Relaxed);
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.get(signed.credential()) {
            found.used.store(now, Ordering::Relaxed);
            return found.key.clone();
        }
        drop(kept);
        let key = SigningKey::derive(secret, &signed.scope());
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= self.limit
            && let Some(oldest) = kept
                .iter()
                .min_by_key(|(_, k)| k.used.load(Ordering::Relaxed))
                .map(|(c, _)| c.clone())
        {
            kept.remove(&oldest);
        }
        kept.insert(
            signed.credential().into(),
            Kept {
                key: key.clone(),
                used: AtomicU64::new(now),
            },
        );
        key
    }

    /// Forgets every key of an access key: it was deleted or disabled, or its secret is another one now.
    pub fn invalidate(&self, access_key_id: &str) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|credential, _| credential.rsplitn(5, '/').nth(4) != Some(access_key_id));
    }

    /// How many keys are kept.
    pub fn len(&self) -> usize {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether no key is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for SigningKeyCache {
    fn default() -> Self {
        Self::new(super::MAX_CACHED_KEYS)
    }
}

impl fmt::Debug for SigningKeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeyCache")
            .field("kept", &self.len())
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
