//! Web identity tokens: JSON Web Tokens of an OpenID Connect provider, checked against the provider's keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents};
use roadstead_core::Timestamp;
use roadstead_kernel::{Fault, OidcProvider, Result};
use serde_json::Value;

use crate::problems::{expired_token, invalid_token};

/// Clocks of providers may be this much ahead, in seconds.
const LEEWAY_SECS: i64 = 300;

/// A token taken apart, nothing of it believed yet.
#[derive(Debug)]
pub struct Token<'a> {
    /// What was signed.
    signed: &'a str,
    signature: Vec<u8>,
    header: Value,
    claims: Value,
}

fn no_jwt() -> Fault {
    invalid_token("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    pub fn parse(text: &'a str) -> Result<Self> {
        let (signed, signature) = text.rsplit_once('.').ok_or_else(no_jwt)?;
        let (header, claims) = signed.split_once('.').ok_or_else(no_jwt)?;
        let json = |part: &str| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?)
                .ok()
                .filter(Value::is_object)
        };
        Ok(Self {
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).map_err(|_| no_jwt())?,
            header: json(header).ok_or_else(no_jwt)?,
            claims: json(claims).ok_or_else(no_jwt)?,
        })
    }

    /// A claim that is a text.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// A claim of any kind.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// Who issued it, as a URL.
    pub fn issuer(&self) -> Result<&str> {
        self.text("iss")
            .ok_or_else(|| invalid_token("Missing a required claim: iss"))
    }

    /// Whom it is about.
    pub fn subject(&self) -> Result<&str> {
        self.text("sub")
            .ok_or_else(|| invalid_token("Missing a required claim: sub"))
    }

    /// Whom it was issued for: the party it names, else its audience.
    pub fn audience(&self) -> Result<&str> {
        let audience = self.text("azp").or_else(|| self.audiences().next());
        audience.ok_or_else(|| invalid_token("Missing a required claim: aud"))
    }

    /// All its audiences.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        let one = self.text("aud").into_iter();
        let many = self.claim("aud").and_then(Value::as_array).into_iter().flatten();
        one.chain(many.filter_map(Value::as_str))
    }

    /// Checks signature, time and audience.
    pub fn check(&self, provider: &OidcProvider, now: Timestamp) -> Result<()> {
        let no_key = || {
            invalid_token(
                "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
            )
        };
        let keys: Value = provider
            .keys
            .as_deref()
            .and_then(|keys| serde_json::from_str(keys).ok())
            .ok_or_else(no_key)?;
        let keys = keys.get("keys").and_then(Value::as_array).ok_or_else(no_key)?;
        let id = self.header.get("kid");
        let mut fitting = keys
            .iter()
            .filter(|key| id.is_none() || key.get("kid") == id)
            .peekable();
        fitting.peek().ok_or_else(no_key)?;
        if !fitting.any(|key| self.is_signed_with(key)) {
            return Err(invalid_token(
                "The ID Token provided could not be validated: its signature is not valid.",
            ));
        }
        let seconds = |claim: &str| self.claim(claim).and_then(Value::as_i64);
        let expires = seconds("exp").ok_or_else(|| invalid_token("Missing a required claim: exp"))?;
        seconds("iat").ok_or_else(|| invalid_token("Missing a required claim: iat"))?;
        if now.secs() >= expires {
            return Err(expired_token(format!(
                "Token expired: current date/time {} must be before the expiration date/time {expires}",
                now.secs()
            )));
        }
        if seconds("nbf")
            .or_else(|| seconds("iat"))
            .is_some_and(|from| from > now.secs() + LEEWAY_SECS)
        {
            return Err(invalid_token("The ID Token provided is not valid yet."));
        }
        let audience = self.audience()?;
        if !provider.clients.iter().any(|client| client == audience) {
            return Err(invalid_token("Incorrect token audience"));
        }
        Ok(())
    }

    fn is_signed_with(&self, key: &Value) -> bool {
        let part = |name: &str| URL_SAFE_NO_PAD.decode(key.get(name)?.as_str()?).ok();
        let algorithm = self.header.get("alg").and_then(Value::as_str);
        let (message, signature) = (self.signed.as_bytes(), self.signature.as_slice());
        match (algorithm, key.get("kty").and_then(Value::as_str)) {
            (Some("RS256" | "RS384" | "RS512"), Some("RSA")) => {
                let scheme = match algorithm {
                    Some("RS384") => &signature::RSA_PKCS1_2048_8192_SHA384,
                    Some("RS512") => &signature::RSA_PKCS1_2048_8192_SHA512,
                    _ => &signature::RSA_PKCS1_2048_8192_SHA256,
                };
                let (Some(n), Some(e)) = (part("n"), part("e")) else {
                    return false;
                };
                RsaPublicKeyComponents { n, e }
                    .verify(scheme, message, signature)
                    .is_ok()
            }
            (Some("ES256"), Some("EC")) => on_curve(
                &signature::ECDSA_P256_SHA256_FIXED,
                part("x"),
                part("y"),
                message,
                signature,
            ),
            (Some("ES384"), Some("EC")) => on_curve(
                &signature::ECDSA_P384_SHA384_FIXED,
                part("x"),
                part("y"),
                message,
                signature,
            ),
            _ => false,
        }
    }
}

fn on_curve(
    scheme: &'static signature::EcdsaVerificationAlgorithm,
    x: Option<Vec<u8>>,
    y: Option<Vec<u8>>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let (Some(x), Some(y)) = (x, y) else { return false };
    let point = [&[4][..], &x, &y].concat();
    signature::UnparsedPublicKey::new(scheme, point)
        .verify(message, signature)
        .is_ok()
}
