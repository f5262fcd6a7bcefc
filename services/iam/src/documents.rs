//! Policy documents: checked when they are written, compiled when they are used, encoded when they are shown.

use std::fmt::Write as _;

use roadstead_kernel::{Context as _, Fault, Result};
use roadstead_policy::{Document, Kind, PolicyLabel, PolicyType, Program, limits, validate};

use crate::problems;

/// Checks a document that grants: of a user, group, role, or a managed policy.
pub fn check_identity(text: &str) -> Result<Document> {
    check(text, Kind::Identity)
}

/// Checks a trust policy, and gives the form in which it is stored and shown.
pub fn check_trust(text: &str) -> Result<Document> {
    let document = check(text, Kind::Trust)?;
    if limits::size(text) > limits::TRUST_POLICY {
        return Err(problems::quota("ACLSizePerRole", limits::TRUST_POLICY));
    }
    Ok(document)
}

fn check(text: &str, kind: Kind) -> Result<Document> {
    let checked = Document::parse(text).and_then(|document| validate(&document, kind).map(|()| document));
    checked.map_err(|refused| problems::malformed(refused.message))
}

/// Compiles a managed policy of AWS.
pub fn compile_managed(document: &Document, arn: String, policy_type: PolicyType) -> Program {
    Program::compile(document, PolicyLabel::new(policy_type, arn))
}

/// Reads a document that was checked before it was stored.
pub fn parse_stored(text: &str) -> Result<Document> {
    Document::parse(text)
        .map_err(Fault::internal)
        .context("reading a stored policy")
}

/// Compiles a stored document.
pub fn compile(text: &str, policy_type: PolicyType, name: &str) -> Result<Program> {
    let document = Document::parse(text)
        .map_err(Fault::internal)
        .context("reading a stored policy")?;
    Ok(Program::compile(&document, PolicyLabel::new(policy_type, name)))
}

/// A document as replies carry it: percent-encoded, blanks as `%20`.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn the_trust_policy_of_ecs_is_encoded_as_recorded() {
        assert_eq!(
            encoded(&catalogue::trust_as_created("ecs.amazonaws.com")),
            "%7B%22Version%22%3A%20%222012-10-17%22%2C%20%22Statement%22%3A%20%5B%7B%22Action%22%3A%20%5B%22sts%3AAssumeRole%22%5D%2C%20%22Effect%22%3A%20%22Allow%22%2C%20%22Principal%22%3A%20%7B%22Service%22%3A%20%5B%22ecs.amazonaws.com%22%5D%7D%7D%5D%7D"
        );
    }

    #[test]
    fn the_services_own_words_become_the_canonical_form() {
        let document = Document::parse(&catalogue::trust_as_created("ecs.amazonaws.com")).unwrap();
        assert_eq!(document.canonical(), catalogue::trust("ecs.amazonaws.com"));
    }
}
