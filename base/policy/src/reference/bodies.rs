//! The bodies of the fuzz targets: each takes bytes and panics when the library breaks a promise.

use std::net::IpAddr;

use super::generate::{Case, Entropy};
use super::text::Pattern;
use super::{compare, resource_matches};
use crate::context::MapContext;
use crate::decide::Outcome;
use crate::document::Document;
use crate::program::{PolicyLabel, PolicyType, Program};
use crate::request::Request;
use crate::resource::Resource;
use crate::validate::{Kind, validate};
use crate::{Action, Principal, date, glob, scalar};

/// Parses, prints, validates and compiles any text: nothing panics, and printing then parsing gives the same.
pub fn parser(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let document = match Document::parse(&text) {
        Ok(document) => document,
        Err(error) => {
            assert!(
                error.span.start <= error.span.end && error.span.end <= text.len(),
                "{error:?}"
            );
            return;
        }
    };
    let printed = document.to_json();
    let again = Document::parse(&printed).map(|document| document.to_json());
    assert_eq!(again.as_ref(), Ok(&printed), "printing loses something");
    let canonical = document.canonical();
    let again = Document::parse(&canonical).map(|document| document.canonical());
    assert_eq!(again.as_ref(), Ok(&canonical), "the canonical form is not stable");
    for kind in [
        Kind::Identity,
        Kind::Resource,
        Kind::Trust,
        Kind::Boundary,
        Kind::Session,
        Kind::Scp,
        Kind::Rcp,
    ] {
        let (plain, canonical) = (
            validate(&document, kind),
            Document::parse(&canonical).map(|d| validate(&d, kind)),
        );
        let message = |result: &Result<(), crate::Malformed>| result.as_ref().err().map(|error| error.message.clone());
        assert_eq!(
            Ok(message(&plain)),
            canonical.map(|result| message(&result)),
            "validation depends on the form"
        );
    }
    let program = Program::compile(&document, PolicyLabel::new(PolicyType::Identity, "fuzzed"));
    assert_eq!(program.statement_count(), document.statements().len());
}

/// Matches a pattern against a text (separated by a zero byte) in both ways.
pub fn matcher(data: &[u8]) {
    let (pattern, text) = halves(data);
    let mut encoded = Vec::new();
    glob::encode(&pattern, &mut encoded);
    let expected = Pattern::wild(&pattern).matches(&text);
    assert_eq!(
        glob::matches(&encoded, text.as_bytes()),
        expected,
        "{pattern:?} against {text:?}"
    );
    let lower = |text: &str| text.to_ascii_lowercase();
    let expected = Pattern::wild(&lower(&pattern)).matches(&lower(&text));
    let ignoring = glob::matches_ignoring_case(pattern.as_bytes(), text.as_bytes());
    assert_eq!(ignoring, expected, "{pattern:?} against {text:?} without case");
}

/// Matches a resource pattern against a resource (separated by a zero byte) in both evaluators.
pub fn arn(data: &[u8]) {
    let (pattern, resource) = halves(data);
    let mut statement =
        String::from(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"#);
    crate::json::write_text(&mut statement, &pattern);
    statement.push_str("}}");
    let Ok(document) = Document::parse(&statement) else {
        unreachable!("a written text parses");
    };
    let program = Program::compile(&document, PolicyLabel::new(PolicyType::Identity, "fuzzed"));
    let context = MapContext::new()
        .with("aws:username", "a:b*c")
        .with_list("aws:TagKeys", vec!["x".to_owned()]);
    let principal = Principal::user("arn:aws:iam::111122223333:user/alice");
    let request = Request::new(
        &principal,
        Action::named("ecs:RunTask"),
        Resource::new(&resource),
        &context,
    );
    let matched = program
        .statements
        .iter()
        .any(|statement| program.resource_matches(statement, &request));
    assert_eq!(
        matched,
        resource_matches(&document, &pattern, &resource, &context),
        "{pattern:?} against {resource:?}"
    );
}

/// Parses a text as every kind of value in both ways.
pub fn values(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    assert_eq!(date::parse(&text), compare::date(&text), "date {text:?}");
    assert_eq!(
        scalar::number(&text).is_some(),
        compare::number(&text).is_some(),
        "number {text:?}"
    );
    let bytes = scalar::base64(&text).map(Iterator::count);
    assert_eq!(
        bytes,
        compare::bits(&text).map(|bits| bits.len() / 8),
        "base64 {text:?}"
    );
    if let Some(millis) =
        date::parse(&text).filter(|millis| (-62_167_219_200_000..253_402_300_800_000).contains(millis))
    {
        let mut written = String::new();
        assert!(
            date::write(millis, &mut written).is_ok() && date::parse(&written) == Some(millis),
            "{text:?}"
        );
    }
    let network = scalar::Network::parse(&text);
    let (address, plain) = (
        text.split('/').next().unwrap_or_default().parse::<IpAddr>(),
        !text.contains('/'),
    );
    assert!(!plain || network.is_some() == address.is_ok(), "network {text:?}");
    assert!(
        network.is_none_or(|network| address.is_ok_and(|address| network.contains(address))),
        "network {text:?}"
    );
}

/// Decides a made-up case in both evaluators.
pub fn decision(data: &[u8]) {
    check(&Case::new(&mut Entropy::of_bytes(data)));
}

/// Holds the engine to the reference evaluator on one case; the outcome.
pub fn check(case: &Case) -> Outcome {
    let compiled = case.documents.compile();
    let request = case.request();
    let decision = compiled.decide(&request);
    let denying = decision.policy_type.filter(|_| !decision.is_allowed());
    let expected = super::evaluate(&case.documents, &request);
    assert_eq!((decision.outcome, denying), expected, "{case:?}");
    assert_eq!(decision.message(&request).is_none(), decision.is_allowed(), "{case:?}");
    decision.outcome
}

fn halves(data: &[u8]) -> (String, String) {
    let at = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (first, second) = data.split_at_checked(at).unwrap_or((data, &[]));
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (text(first), text(second.get(1..).unwrap_or_default()))
}
