//! What AWS refuses to store, and its words.

use roadstead_policy::{Document, Kind, Malformed, validate};

fn refusal(text: &str, kind: Kind) -> Option<Malformed> {
    Document::parse(text)
        .and_then(|document| validate(&document, kind))
        .err()
}

fn message(text: &str, kind: Kind) -> String {
    refusal(text, kind).map_or("accepted".to_owned(), |malformed| malformed.message)
}

/// An identity policy with one statement, of which `change` replaces or adds elements.
fn check(statement: &str, expected: &str) {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{{{statement}}}]}}"#);
    assert_eq!(message(&text, Kind::Identity), expected, "{text}");
}

const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";
const SID: &str = "Statement IDs (SID) in a single policy must be unique.";
const VERSION: &str = "Policy document must be version 2012-10-17 or greater.";

#[test]
fn errors_of_syntax_have_one_message_and_a_place() {
    for (text, place) in [
        ("", ""),
        ("nonsense", "n"),
        ("[]", "[]"),
        ("{}", "{}"),
        (r#"{"Version":"2012-10-17"}"#, r#"{"Version":"2012-10-17"}"#),
        (
            r#"{"Version":"2012-10-17","Statement":[]}"#,
            r#"{"Version":"2012-10-17","Statement":[]}"#,
        ),
        (r#"{"Version":"2011-10-17","Statement":{}}"#, r#""2011-10-17""#),
        (r#"{"Version":2012,"Statement":{}}"#, "2012"),
        (
            r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"},"Extra":1}"#,
            r#""Extra""#,
        ),
        (
            r#"{"Statement":{"Action":"*","Resource":"*"}}"#,
            r#"{"Action":"*","Resource":"*"}"#,
        ),
        (
            r#"{"Statement":{"Effect":"Maybe","Action":"*","Resource":"*"}}"#,
            r#""Maybe""#,
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Effect":"Allow","Action":"*","Resource":"*"}}"#,
            r#""Effect""#,
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}}"#,
            r#""NotAction""#,
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","NotResource":"*"}}"#,
            r#""NotResource""#,
        ),
        (r#"{"Statement":{"Effect":"Allow","Action":1,"Resource":"*"}}"#, "1"),
        (
            r#"{"Statement":{"Effect":"Allow","Action":["a:b",null],"Resource":"*"}}"#,
            "null",
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":[]}}"#,
            "[]",
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a":{}}}}}"#,
            "{}",
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Principal":"x","Action":"*","Resource":"*"}}"#,
            r#""x""#,
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Principal":{"Aws":"x"},"Action":"*"}}"#,
            r#""Aws""#,
        ),
        (
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringIs":{"a":"b"}}}}"#,
            r#""StringIs""#,
        ),
        (
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NullIfExists":{"a":"true"}}}}"#,
            r#""NullIfExists""#,
        ),
    ] {
        let malformed = refusal(text, Kind::Identity).unwrap();
        assert_eq!(malformed.message, SYNTAX, "{text}");
        assert_eq!(
            &text[malformed.span.start..malformed.span.end],
            place,
            "{text}: {}",
            malformed.detail
        );
    }
    check(
        r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringIs":{}}"#,
        "accepted",
    );
}

#[test]
fn the_older_version_is_stored_but_a_missing_one_is_not() {
    let statement = r#""Statement":{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    assert_eq!(message(&format!("{{{statement}}}"), Kind::Identity), VERSION);
    assert_eq!(
        message(&format!(r#"{{"Version":"2008-10-17",{statement}}}"#), Kind::Identity),
        "accepted"
    );
}

#[test]
fn legacy_parsing_refuses_letter_case_dates_and_shapes() {
    check(r#""Effect":"allow","Action":"*","Resource":"*""#, LEGACY);
    check(
        r#""Effect":"Allow","Action":"*","Resource":"arn:aws:s3::example_bucket""#,
        LEGACY,
    );
    check(r#""Effect":"Allow","Action":"*","Resource":"arn:aws::::x""#, LEGACY);
    let date = |value: &str, expected: &str| {
        let statement = format!(
            r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{{"DateGreaterThan":{{"aws:CurrentTime":{value}}}}}"#
        );
        check(&statement, expected);
    };
    for value in [
        r#""2026""#,
        r#""2026-01""#,
        r#""2026-01-31T23:59:59Z""#,
        r#""2026-01-01T00:00:00.999999999+01:00""#,
        r#""2026-01-01T00:00:00-05:00""#,
        r#""1767225600""#,
        "1767225600",
        r#"["2026-01-01t00:00z","-292275054-01"]"#,
        r#""2026-01-01T""#,
    ] {
        date(value, "accepted");
    }
    for value in [
        r#""""#,
        r#""soon""#,
        r#""2026-13""#,
        r#""2026-01-32""#,
        r#""2026-01-01-01""#,
        r#""2026-01-01T24:00:00Z""#,
        r#""2026-01-01T00:61:00Z""#,
        r#""2026-01-01T00:00:00+1:00""#,
        r#""2026-01-01T00:00:00Zx""#,
        r#""292278994-01""#,
        r#""9223372036854775808""#,
        "true",
        r#"["2026-01-01","x"]"#,
    ] {
        date(value, LEGACY);
    }
}

#[test]
fn statement_ids_are_unique_and_alphanumeric() {
    let two = |a: &str, b: &str| {
        let statement = |sid: &str| format!(r#"{{"Sid":"{sid}","Effect":"Allow","Action":"*","Resource":"*"}}"#);
        message(
            &format!(
                r#"{{"Version":"2012-10-17","Statement":[{},{}]}}"#,
                statement(a),
                statement(b)
            ),
            Kind::Identity,
        )
    };
    assert_eq!(two("A", "A"), SID);
    assert_eq!(two("", ""), "accepted");
    assert_eq!(two("A", "a"), "accepted");
    assert!(two("a-b", "c").starts_with("Statement IDs (SID) must be alpha-numeric."));
}

#[test]
fn actions_are_there_and_have_one_vendor() {
    let none = "Policy statement must contain actions.";
    check(r#""Effect":"Allow","Resource":"*""#, none);
    check(r#""Effect":"Allow","Action":[],"Resource":"*""#, none);
    let vendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
    for (action, expected) in [
        ("*", "accepted"),
        ("s3:*", "accepted"),
        ("s3:GetObject", "accepted"),
        ("nobody:Knows", "accepted"),
        ("invalid", vendor),
        ("", vendor),
        ("a:b:c", "Actions/Condition can contain only one colon."),
        ("a b:c", "Vendor a b is not valid"),
        ("s3*:Get", "Vendor s3* is not valid"),
    ] {
        check(
            &format!(r#""Effect":"Allow","Action":"{action}","Resource":"*""#),
            expected,
        );
        check(
            &format!(r#""Effect":"Allow","NotAction":["iam:*","{action}"],"Resource":"*""#),
            expected,
        );
    }
}

#[test]
fn resources_are_there_and_well_formed() {
    let none = "Policy statement must contain resources.";
    check(r#""Effect":"Allow","Action":"*""#, none);
    check(r#""Effect":"Allow","Action":"*","Resource":[]"#, none);
    let paths = r#"IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/."#;
    let vendor = "Resource vendor must be fully qualified and cannot contain regexes.";
    for (resource, expected) in [
        ("*", "accepted"),
        ("arn:aws:s3:::b", "accepted"),
        ("arn:*:s3:::b", "accepted"),
        ("arn:aws:ecs", "accepted"),
        ("arn:aws:s3", "Resource arn:aws:s3 can not contain region information."),
        ("foo", r#"Resource foo must be in ARN format or "*"."#),
        (
            "arn:x:s3:::b",
            r#"Partition "x" is not valid for resource "arn:x:s3:::b"."#,
        ),
        (
            "adfasdf:theory",
            r#"Partition "theory" is not valid for resource "arn:theory:*:*:*:*"."#,
        ),
        (
            "adfasdf:theory::",
            r#"Partition "theory" is not valid for resource "arn:theory:::*:*"."#,
        ),
        (
            "a:b:c:d:e:f:g:h",
            r#"Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h"."#,
        ),
        ("arn:aws", vendor),
        ("arn:*", vendor),
        (
            "arn:aws:iam:us-east-1:123456789012:user/x",
            "IAM resource arn:aws:iam:us-east-1:123456789012:user/x cannot contain region information.",
        ),
        (
            "arn:aws:s3:us-east-1::b",
            "Resource arn:aws:s3:us-east-1::b can not contain region information.",
        ),
        ("arn:aws:s3:us-east-1:123456789012:accesspoint/x", "accepted"),
        ("arn:aws:iam::123456789012:thing/x", paths),
        ("arn:aws:iam::123456789012:role/x", "accepted"),
        ("arn:aws:iam::123456789012:*", "accepted"),
    ] {
        check(
            &format!(r#""Effect":"Allow","Action":"*","Resource":"{resource}""#),
            expected,
        );
        check(
            &format!(r#""Effect":"Allow","Action":"*","NotResource":["*","{resource}"]"#),
            expected,
        );
    }
    // The lexically smallest of a list, and the last list that has a bad one.
    check(
        r#""Effect":"Allow","Action":"*","Resource":["foo","bar"]"#,
        r#"Resource bar must be in ARN format or "*"."#,
    );
    let two = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":["a"]},
        {"Effect":"Allow","Action":"*","Resource":["c","b"]},{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    assert_eq!(
        message(two, Kind::Identity),
        r#"Resource b must be in ARN format or "*"."#
    );
}

#[test]
fn the_first_check_that_fails_is_told() {
    let all = r#""Sid":"A","Effect":"Allow","Resource":"foo","Condition":{"DateEquals":{"a":"x"}}"#;
    check(all, LEGACY);
    check(
        r#""Effect":"Allow","Resource":"foo""#,
        "Policy statement must contain actions.",
    );
    check(
        r#""Effect":"Allow","Action":"x","Resource":"foo""#,
        r#"Resource foo must be in ARN format or "*"."#,
    );
    check(
        r#""Effect":"Allow","Action":"x","Principal":"*""#,
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    );
    check(
        r#""Effect":"Allow","Action":"*","Principal":"*""#,
        "Policy document should not specify a principal.",
    );
}

#[test]
fn a_trust_policy_names_principals_and_actions_of_sts_only() {
    let trust = |statement: &str| {
        message(
            &format!(r#"{{"Version":"2012-10-17","Statement":[{{{statement}}}]}}"#),
            Kind::Trust,
        )
    };
    let principal = r#""Effect":"Allow","Principal":{"Service":"ecs.amazonaws.com"}"#;
    let actions = "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity";
    assert_eq!(
        trust(&format!(r#"{principal},"Action":["sts:AssumeRole","sts:TagSession"]"#)),
        "accepted"
    );
    assert_eq!(trust(&format!(r#"{principal},"Action":"s3:GetObject""#)), actions);
    assert_eq!(trust(&format!(r#"{principal},"NotAction":"sts:AssumeRole""#)), actions);
    assert_eq!(
        trust(&format!(r#"{principal},"Action":"sts:AssumeRole","Resource":"*""#)),
        "Has prohibited field Resource."
    );
    assert!(trust(r#""Effect":"Allow","Action":"sts:AssumeRole""#).starts_with("Missing required field Principal"));
    assert_ne!(
        trust(r#""Effect":"Deny","NotPrincipal":"*","Action":"sts:AssumeRole""#),
        "accepted"
    );
}

#[test]
fn the_canonical_form_is_that_of_iam() {
    let text = r#"{"Version": "2012-10-17", "Statement": [{"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": ["ecs.amazonaws.com"]}}]}"#;
    let document = Document::parse(text).unwrap();
    let canonical = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    assert_eq!(document.canonical(), canonical);
    let compact = text.replace(": ", ":").replace(", ", ",");
    assert_eq!(document.to_json(), compact);
}
