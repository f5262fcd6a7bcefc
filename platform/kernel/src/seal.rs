//! Sealing what a service keeps secret at rest, with keys that follow from the installation's own.

use std::fmt;

use ring::{aead, hkdf};
use roadstead_core::Ids;

use crate::kernel::Kernel;
use crate::session::MASTER_KEY_LEN;
use crate::{Fault, Result};

/// The first byte of what is sealed: how it was.
const FORM: u8 = 1;

/// What all keys for sealing follow from; it follows itself from the installation's key, which is not kept here.
pub(crate) struct Root(hkdf::Prk);

impl Root {
    pub(crate) fn new(master: &[u8; MASTER_KEY_LEN]) -> Self {
        Self(hkdf::Salt::new(hkdf::HKDF_SHA256, b"roadstead kept secrets").extract(master))
    }
}

/// Seals and opens the secrets of one purpose. Every secret has a key of its own; no key ever leaves this type.
pub struct Seal<'a> {
    root: &'a Root,
    ids: &'a Ids,
    purpose: &'static str,
}

impl Kernel {
    /// Seals and opens for a purpose, such as `ssm/parameter`: what was sealed for one cannot be opened for another.
    pub fn seal(&self, purpose: &'static str) -> Seal<'_> {
        Seal {
            root: &self.seals,
            ids: &self.ids,
            purpose,
        }
    }
}

impl fmt::Debug for Seal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal")
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

impl Seal<'_> {
    /// Seals a secret (AES-256-GCM). `of` names what it is the secret of; it opens for the same name only.
    pub fn close(&self, of: &str, secret: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; aead::NONCE_LEN] = self.ids.bytes();
        let mut body = secret.to_vec();
        self.key(of)?
            .seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), aead::Aad::empty(), &mut body)
            .map_err(|_| Fault::internal("sealing a secret"))?;
        let mut sealed = Vec::with_capacity(1 + nonce.len() + body.len());
        sealed.push(FORM);
        sealed.extend(nonce);
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens a secret. Errors: internal where it was altered, or sealed by another installation or for another name.
    pub fn open(&self, of: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let refused = || Fault::internal("a secret cannot be opened: it was altered, or the installation's key was");
        let (form, rest) = sealed.split_first().ok_or_else(refused)?;
        let (nonce, body) = rest.split_first_chunk().ok_or_else(refused)?;
        if *form != FORM {
            return Err(Fault::internal("a secret was sealed by a newer version"));
        }
        let mut body = body.to_vec();
        let nonce = aead::Nonce::assume_unique_for_key(*nonce);
        let plain = self
            .key(of)?
            .open_in_place(nonce, aead::Aad::empty(), &mut body)
            .map_err(|_| refused())?
            .len();
        body.truncate(plain);
        Ok(body)
    }

    fn key(&self, of: &str) -> Result<aead::LessSafeKey> {
        let length = u32::try_from(self.purpose.len()).unwrap_or(u32::MAX).to_be_bytes();
        let about = [&length[..], self.purpose.as_bytes(), of.as_bytes()];
        let key = self.root.0.expand(&about, &aead::AES_256_GCM);
        let key = key.map_err(|_| Fault::internal("deriving a key"))?;
        Ok(aead::LessSafeKey::new(key.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(master: u8, purpose: &'static str, of: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (root, ids) = (Root::new(&[master; MASTER_KEY_LEN]), Ids::seeded(1));
        let seal = Seal {
            root: &root,
            ids: &ids,
            purpose,
        };
        seal.open(of, sealed).ok()
    }

    #[test]
    fn a_secret_opens_only_for_its_own_name_and_purpose_with_its_own_key_and_unaltered() {
        let (root, ids) = (Root::new(&[1; MASTER_KEY_LEN]), Ids::seeded(2));
        let seal = Seal {
            root: &root,
            ids: &ids,
            purpose: "a",
        };
        let sealed = seal.close("x", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_ne!(seal.close("x", b"secret").unwrap(), sealed);
        assert_eq!(check(1, "a", "x", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(check(2, "a", "x", &sealed), None);
        assert_eq!(check(1, "b", "x", &sealed), None);
        assert_eq!(check(1, "a", "y", &sealed), None);
        assert_eq!(check(1, "ax", "", &sealed), None);
        let altered: Vec<u8> = sealed
            .iter()
            .enumerate()
            .map(|(at, b)| b ^ u8::from(at == 20))
            .collect();
        assert_eq!(check(1, "a", "x", &altered), None);
        assert_eq!(check(1, "a", "x", &[]), None);
    }
}
