//! Temporary credentials: a session is sealed into its own token, so that nothing is stored and a restart loses none.
//!
//! The token is the session's claims under AES-256-GCM with a key of the installation; the secret key follows from
//! the access key id and that same key. A session ends with its expiry, or with the principal behind it: the role's or
//! user's unique id is part of the claims and looked up on every call.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::{aead, hkdf, hmac};
use roadstead_core::ids::Ids;
use roadstead_core::{AccountId, Tags, Timestamp};
use serde::{Deserialize, Serialize};

use crate::directory::{Secret, Who};
use crate::{Fault, Result};

/// What a session is: the content of its token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The access key id (`ASIA…`) that the token belongs to.
    pub key: String,
    /// The account of the principal.
    pub account: AccountId,
    /// The role, user or root behind the session.
    pub who: Who,
    /// Which kind of session it is.
    pub kind: SessionKind,
    /// The session's ARN.
    pub arn: String,
    /// The value of `aws:userid`.
    pub user_id: String,
    /// When it was issued.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Session policies passed as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Session policies passed by ARN.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_arns: Vec<String>,
    /// Session tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// The keys of session tags that pass to sessions assumed from this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitive: Vec<String>,
    /// The source identity, set once for a chain of sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// The service that assumed the role, for sessions on behalf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

/// The kinds of session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionKind {
    /// `AssumeRole` and its relatives.
    Role,
    /// `GetSessionToken`: the same principal, for a time.
    Same,
    /// `GetFederationToken`.
    Federated,
}

/// Temporary credentials as they are handed out.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `ASIA…`.
    pub access_key_id: String,
    /// The secret key.
    pub secret_access_key: Secret,
    /// The sealed session.
    pub session_token: Secret,
    /// When they end.
    pub expires: Timestamp,
}

/// Seals and opens sessions with the installation's key.
pub struct Sessions {
    seal: aead::LessSafeKey,
    secrets: hmac::Key,
    ids: Ids,
}

/// Keeps sealed messages and sealed sessions apart.
const MESSAGE: &[u8] = b"message";

/// The installation's secret that everything of this module follows from.
pub const MASTER_KEY_LEN: usize = 32;

impl Sessions {
    /// Works with the installation's key.
    pub fn new(master: &[u8; MASTER_KEY_LEN], ids: Ids) -> Result<Self> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"roadstead sessions").extract(master);
        let mut seal = [0_u8; 32];
        let mut secrets = [0_u8; 32];
        let unusable = |_| Fault::internal("deriving the session keys");
        salt.expand(&[b"seal"], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut seal))
            .map_err(unusable)?;
        salt.expand(&[b"secret"], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut secrets))
            .map_err(unusable)?;
        let seal = aead::UnboundKey::new(&aead::AES_256_GCM, &seal).map_err(unusable)?;
        Ok(Self {
            seal: aead::LessSafeKey::new(seal),
            secrets: hmac::Key::new(hmac::HMAC_SHA256, &secrets),
            ids,
        })
    }

    /// Issues credentials for the claims; their `key` is drawn here.
    pub fn issue(&self, mut claims: Claims) -> Result<Credentials> {
        claims.key = self.ids.access_key("ASIA");
        let mut sealed = serde_json::to_vec(&claims).map_err(Fault::internal)?;
        let nonce: [u8; aead::NONCE_LEN] = self.ids.bytes();
        self.seal
            .seal_in_place_append_tag(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::empty(),
                &mut sealed,
            )
            .map_err(|_| Fault::internal("sealing a session"))?;
        let mut token = nonce.to_vec();
        token.append(&mut sealed);
        Ok(Credentials {
            secret_access_key: self.secret_of(&claims.key),
            session_token: Secret::new(STANDARD.encode(token)),
            expires: claims.expires,
            access_key_id: claims.key,
        })
    }

    /// Opens a token; one that was not sealed here, or was altered, is `None`. Expiry is the caller's to check.
    pub fn open(&self, token: &str) -> Option<Claims> {
        let mut bytes = STANDARD.decode(token).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(aead::NONCE_LEN)?;
        let nonce = aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.seal.open_in_place(nonce, aead::Aad::empty(), sealed).ok()?;
        serde_json::from_slice(plain).ok()
    }

    /// Seals a text so that only this installation can read it (EC2's encoded authorization messages).
    pub fn seal_text(&self, text: &str) -> Option<String> {
        let nonce: [u8; aead::NONCE_LEN] = self.ids.bytes();
        let mut sealed = text.as_bytes().to_vec();
        let aad = aead::Aad::from(MESSAGE);
        self.seal
            .seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .ok()?;
        let mut whole = nonce.to_vec();
        whole.append(&mut sealed);
        Some(URL_SAFE_NO_PAD.encode(whole))
    }

    /// Opens a text that was sealed here.
    pub fn open_text(&self, sealed: &str) -> Option<String> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(aead::NONCE_LEN)?;
        let nonce = aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.seal.open_in_place(nonce, aead::Aad::from(MESSAGE), sealed).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }

    /// The secret key that belongs to a temporary access key id.
    pub fn secret_of(&self, access_key_id: &str) -> Secret {
        let tag = hmac::sign(&self.secrets, access_key_id.as_bytes());
        let mut text = STANDARD.encode(tag.as_ref());
        text.truncate(40);
        Secret::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            key: String::new(),
            account: AccountId::parse("123456789012").unwrap(),
            who: Who::Role("AROAX".into()),
            kind: SessionKind::Role,
            arn: "session".into(),
            user_id: "AROAX:s".into(),
            issued: Timestamp::from_secs(0),
            expires: Timestamp::from_secs(3600),
            policy: None,
            policy_arns: vec![],
            tags: Tags::new(),
            transitive: vec![],
            source_identity: None,
            service: None,
        }
    }

    #[test]
    fn a_token_opens_only_with_the_key_it_was_sealed_with_and_unaltered() {
        let ids = Ids::seeded(3);
        let sessions = Sessions::new(&[1; 32], ids.clone()).unwrap();
        let made = sessions.issue(claims()).unwrap();
        let token = made.session_token.expose();
        assert_eq!(sessions.open(token).unwrap().key, made.access_key_id);
        assert_eq!(sessions.secret_of(&made.access_key_id), made.secret_access_key);
        assert!(Sessions::new(&[2; 32], ids).unwrap().open(token).is_none());
        let mut altered = token.to_owned().into_bytes();
        altered[30] = if altered[30] == b'A' { b'B' } else { b'A' };
        assert!(sessions.open(std::str::from_utf8(&altered).unwrap()).is_none());
        assert!(sessions.open("").is_none());
    }
}
