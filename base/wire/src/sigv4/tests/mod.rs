//! What the signature code is held to: AWS's suite, every way to tamper, and bytes at random.

#![allow(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

mod cost;
mod keys;
mod random;
mod suite;
mod tampered;

use http::{HeaderMap, HeaderName, HeaderValue};
use roadstead_core::Timestamp;

use super::sign::{Credentials, Signer};
use super::{AuthError, Request, Signed, SigningKey};

const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOON: Timestamp = Timestamp::from_secs(1_795_454_822);

/// A request whose parts a test can alter after it was signed.
#[derive(Clone)]
struct Call {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
    service: &'static str,
}

impl Call {
    /// A JSON call to ECS, not signed yet.
    fn to_ecs() -> Self {
        let mut call = Self {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: b"{\"cluster\":\"a\"}".to_vec(),
            service: "ecs",
        };
        call.set("host", "127.0.0.1:4566");
        call.set("content-type", "application/x-amz-json-1.1");
        call.set("x-amz-target", "AmazonEC2ContainerServiceV20141113.DescribeClusters");
        call
    }

    /// A form call to STS with its parameters in the query string, not signed yet.
    fn to_sts() -> Self {
        let mut call = Self::to_ecs();
        call.headers = HeaderMap::new();
        call.set("host", "127.0.0.1:4566");
        call.method = "GET".to_owned();
        call.query = "Action=GetCallerIdentity&Version=2011-06-15".to_owned();
        call.body = Vec::new();
        call.service = "sts";
        call
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.headers
            .insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }

    fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
        }
    }

    fn sign_with(mut self, token: Option<&str>) -> Self {
        let signer = signer(self.service, token);
        let added = signer.sign(self.request(), &self.body, NOON).unwrap();
        self.headers
            .extend(added.into_iter().map(|(name, value)| (Some(name), value)));
        self
    }

    fn signed(self) -> Self {
        self.sign_with(None)
    }

    fn presigned(mut self, seconds: u32) -> Self {
        self.query = signer(self.service, None)
            .presign(self.request(), &self.body, NOON, seconds)
            .unwrap();
        self
    }

    fn verify_at(&self, now: Timestamp) -> Result<(), AuthError> {
        let signed = Signed::parse(self.request())?.ok_or(AuthError::MissingToken)?;
        signed.verify(&SigningKey::derive(SECRET, &signed.scope()), &self.body, now)
    }

    fn verify(&self) -> Result<(), AuthError> {
        self.verify_at(NOON)
    }
}

fn signer<'c>(service: &'c str, token: Option<&'c str>) -> Signer<'c> {
    let credentials = Credentials {
        access_key_id: KEY,
        secret_access_key: SECRET,
        session_token: token,
    };
    Signer::new(credentials, "eu-west-1", service)
}

fn minutes(count: i64) -> Timestamp {
    Timestamp::from_secs(NOON.secs() + count * 60)
}
