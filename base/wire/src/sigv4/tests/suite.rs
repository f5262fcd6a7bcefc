//! AWS's SigV4 test suite: 38 requests, each signed in its header and in its query string.

use std::path::PathBuf;

use http::{HeaderMap, HeaderName, HeaderValue};
use roadstead_core::Timestamp;
use serde_json::Value;

use super::super::canonical::{Canonical, payload_hash, string_to_sign};
use super::super::{AuthError, Request, Signed, SigningKey};

fn cases() -> Option<Vec<Value>> {
    let root = std::env::var_os("ROADSTEAD_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(root.join("data/sigv4-suite/v4.json")).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// Reads the plain text of a request; a header line that begins with a blank continues the one before.
struct Plain {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: String,
}

fn read(text: &str) -> Plain {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines: Vec<String> = Vec::new();
    for line in head.lines() {
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
            _ => lines.push(line.to_owned()),
        }
    }
    let (method, rest) = lines[0].split_once(' ').unwrap();
    let target = rest.strip_suffix(" HTTP/1.1").unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderMap::new();
    for line in lines[1..].iter().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let (method, path, query, body) = (method.into(), path.into(), query.into(), body.into());
    Plain {
        method,
        path,
        query,
        headers,
        body,
    }
}

impl Plain {
    fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
        }
    }

    /// Takes out the session token, as the cases do that add it after signing.
    fn drop_token(&mut self) {
        self.headers.remove("x-amz-security-token");
        let kept: Vec<&str> = self
            .query
            .split('&')
            .filter(|pair| !pair.starts_with("X-Amz-Security-Token="))
            .collect();
        self.query = kept.join("&");
    }
}

/// What differs between what is computed for one case and what the suite says; empty when it passes.
fn check(case: &Value, form: &str) -> Vec<String> {
    let (context, expected) = (&case["context"], &case[form]);
    let mut plain = read(expected["signed_request"].as_str().unwrap());
    let now = Timestamp::parse_iso8601(context["timestamp"].as_str().unwrap()).unwrap();
    let secret = context["credentials"]["secret_access_key"].as_str().unwrap();
    let mut wrong = Vec::new();
    if context["omit_session_token"] == true {
        // A token that the signature does not cover could be anybody's.
        let refused = Signed::parse(plain.request()).and_then(|signed| {
            let signed = signed.unwrap();
            signed.verify(&SigningKey::derive(secret, &signed.scope()), plain.body.as_bytes(), now)
        });
        if refused != Err(AuthError::Mismatch) {
            wrong.push(format!("a token outside the signature: {refused:?}"));
        }
        plain.drop_token();
    }
    let signed = match Signed::parse(plain.request()) {
        Ok(Some(signed)) => signed,
        other => return vec![format!("parse: {other:?}")],
    };
    let normalize = context["normalize"] == true;
    let payload = payload_hash(plain.body.as_bytes());
    // The suite's service is called `service` also where it wants the path rule of S3.
    let canonical = Canonical {
        request: plain.request(),
        service: if normalize { "service" } else { "s3" },
        signed_headers: &signed.covered,
        payload: &payload,
    };
    let canonical = String::from_utf8(canonical.text().unwrap()).unwrap();
    let scope = signed.scope();
    let to_sign = String::from_utf8(string_to_sign(&signed.date, &scope, canonical.as_bytes())).unwrap();
    let key = SigningKey::derive(secret, &scope);
    let signature = super::super::canonical::hex(ring::hmac::sign(key.hmac(), to_sign.as_bytes()).as_ref());
    for (what, ours, theirs) in [
        ("canonical request", canonical, &expected["canonical_request"]),
        ("string to sign", to_sign, &expected["string_to_sign"]),
        ("signature", signature, &expected["signature"]),
    ] {
        if theirs != &Value::from(ours.as_str()) {
            wrong.push(format!("{what}:\n{ours}\nexpected:\n{theirs}"));
        }
    }
    if normalize {
        let verified = signed.verify(&key, plain.body.as_bytes(), now);
        if verified != Ok(()) {
            wrong.push(format!("verify: {verified:?}"));
        }
    }
    wrong
}

#[test]
fn every_case_of_the_suite_agrees_in_both_forms() {
    let Some(cases) = cases() else {
        println!("SKIPPED every_case_of_the_suite_agrees_in_both_forms: the shared data is not there");
        return;
    };
    let (mut passed, mut failed) = (0, Vec::new());
    for case in &cases {
        for form in ["header", "query"] {
            let wrong = check(case, form);
            if wrong.is_empty() {
                passed += 1;
            } else {
                failed.push(format!("{} ({form}): {}", case["name"], wrong.join("\n")));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    assert_eq!(passed, 76);
}
