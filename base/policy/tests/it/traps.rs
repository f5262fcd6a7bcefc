//! Mistakes found in other engines: each has a number, each must not happen here. Both evaluators are asked.

use roadstead_policy::Outcome::{Allow, ExplicitDeny, ImplicitDeny};
use roadstead_policy::reference::{self, Documents, ResourceRules};
use roadstead_policy::{Action, Document, MapContext, Outcome, Principal, Request, Resource};

const ACCOUNT: &str = "111122223333";
const USER: &str = "arn:aws:iam::111122223333:user/alice";
const ROLE: &str = "arn:aws:iam::111122223333:role/app";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/app/s1";

struct Asked<'a> {
    principal: Principal,
    action: &'a str,
    resource: &'a str,
    context: MapContext,
    documents: Documents,
}

fn document(text: &str) -> Document {
    Document::parse(text).unwrap()
}

/// A policy of one statement, given without the braces, in the newer version.
fn one(statement: &str) -> Document {
    document(&format!(r#"{{"Version":"2012-10-17","Statement":[{{{statement}}}]}}"#))
}

fn everything() -> Document {
    one(r#""Effect":"Allow","Action":"*","Resource":"*""#)
}

fn by_user<'a>(identity: Document, context: &[(&str, &str)]) -> Asked<'a> {
    let context = context
        .iter()
        .fold(MapContext::new(), |context, (key, value)| context.with(*key, *value));
    let documents = Documents {
        identity: vec![identity],
        ..Documents::default()
    };
    Asked {
        principal: Principal::user(USER),
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        context,
        documents,
    }
}

fn check(asked: &Asked<'_>, expected: Outcome) {
    let request = Request::new(
        &asked.principal,
        Action::named(asked.action),
        Resource::new(asked.resource),
        &asked.context,
    )
    .owned_by(ACCOUNT);
    let decision = asked.documents.compile().decide(&request).outcome;
    assert_eq!(decision, expected, "engine");
    assert_eq!(reference::evaluate(&asked.documents, &request).0, expected, "reference");
}

fn condition(operator: &str, key: &str, value: &str) -> Document {
    one(&format!(
        r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{{"{operator}":{{"{key}":"{value}"}}}}"#
    ))
}

#[test]
fn t1_a_prefix_of_zero_matches_its_whole_family() {
    for (operator, network, address, expected) in [
        ("IpAddress", "0.0.0.0/0", "1.2.3.4", Allow),
        ("IpAddress", "::/0", "2001:db8::1", Allow),
        ("IpAddress", "0.0.0.0/0", "2001:db8::1", ImplicitDeny),
        ("NotIpAddress", "0.0.0.0/0", "1.2.3.4", ImplicitDeny),
        ("NotIpAddress", "::/0", "2001:db8::1", ImplicitDeny),
        ("NotIpAddress", "::/0", "1.2.3.4", Allow),
    ] {
        check(
            &by_user(
                condition(operator, "aws:SourceIp", network),
                &[("aws:SourceIp", address)],
            ),
            expected,
        );
    }
}

#[test]
fn t2_epoch_seconds_and_iso_dates_are_the_same_instants() {
    for (operator, policy, request, expected) in [
        ("DateEquals", "1767225600", "2026-01-01T00:00:00Z", Allow),
        ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", Allow),
        ("DateLessThan", "1767225600", "2025-12-31T23:59:59Z", Allow),
        ("DateLessThan", "1767225600", "2026-01-01T00:00:01Z", ImplicitDeny),
    ] {
        check(
            &by_user(
                condition(operator, "aws:CurrentTime", policy),
                &[("aws:CurrentTime", request)],
            ),
            expected,
        );
    }
}

#[test]
fn t3_variables_are_plain_text_without_the_newer_version() {
    for version in ["", r#""Version":"2008-10-17","#] {
        let policy = format!(
            r#"{{{version}"Statement":[{{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${{aws:username}}"}}]}}"#
        );
        let mut asked = by_user(document(&policy), &[("aws:username", "alice")]);
        asked.resource = "arn:aws:s3:::b/alice";
        check(&asked, ImplicitDeny);
        asked.resource = "arn:aws:s3:::b/${aws:username}";
        check(&asked, Allow);
    }
}

#[test]
fn t4_a_deny_with_a_negated_operator_denies_when_its_variable_has_no_value() {
    for operator in ["StringNotEquals", "StringNotLike", "StringNotEqualsIgnoreCase"] {
        let deny = format!(
            r#""Effect":"Deny","Action":"*","Resource":"*","Condition":{{"{operator}":{{"s3:ExistingObjectTag/Team":"${{aws:PrincipalTag/Team}}"}}}}"#
        );
        let mut asked = by_user(everything(), &[("s3:ExistingObjectTag/Team", "a")]);
        asked.documents.identity.push(one(&deny));
        check(&asked, ExplicitDeny);
        asked.context.set("aws:PrincipalTag/Team", "a");
        check(&asked, Allow);
    }
}

#[test]
fn t5_neither_scps_nor_rcps_touch_a_service_linked_role() {
    let deny = one(r#""Effect":"Deny","Principal":"*","Action":"*","Resource":"*""#);
    let mut asked = by_user(everything(), &[]);
    asked.documents.scps = vec![vec![deny.clone()]];
    asked.documents.rcps = vec![vec![deny]];
    check(&asked, ExplicitDeny);
    asked.principal = Principal::role_session(SESSION, ROLE);
    check(&asked, ExplicitDeny);
    asked.principal = Principal::service_linked_session(SESSION, ROLE);
    check(&asked, Allow);
}

#[test]
fn t6_a_grant_to_the_session_needs_nothing_else() {
    let nothing = one(r#""Effect":"Allow","Action":"ecs:*","Resource":"*""#);
    let grant = |arn: &str| {
        let statement = format!(r#""Effect":"Allow","Principal":{{"AWS":"{arn}"}},"Action":"s3:*","Resource":"*""#);
        Some((one(&statement), ResourceRules::Ordinary))
    };
    let mut asked = by_user(nothing.clone(), &[]);
    asked.principal = Principal::role_session(SESSION, ROLE);
    asked.documents.boundary = Some(nothing.clone());
    asked.documents.session = Some(vec![nothing]);
    check(&asked, ImplicitDeny);
    asked.documents.resource = grant(ROLE);
    check(&asked, ImplicitDeny);
    asked.documents.resource = grant(SESSION);
    check(&asked, Allow);
}

#[test]
fn t7_a_federated_user_session_without_a_session_policy_may_do_nothing() {
    let mut asked = by_user(everything(), &[]);
    asked.principal = Principal::federated_session("arn:aws:sts::111122223333:federated-user/fred", Some(USER));
    check(&asked, ImplicitDeny);
    asked.documents.session = Some(vec![everything()]);
    check(&asked, Allow);
}

#[test]
fn t8_keys_that_the_reference_does_not_list_still_count() {
    let policy = one(
        r#""Effect":"Allow","Action":"servicediscovery:DeleteService","Resource":"*","Condition":{"Null":{"aws:ResourceTag/AmazonECSManaged":"false"}}"#,
    );
    let mut asked = by_user(policy, &[("aws:ResourceTag/AmazonECSManaged", "true")]);
    asked.action = "servicediscovery:DeleteService";
    check(&asked, Allow);
    check(
        &by_user(condition("StringEquals", "nobody:Knows", "x"), &[("nobody:knows", "x")]),
        Allow,
    );
}

#[test]
fn t9_substituted_text_is_literal() {
    let policy = one(r#""Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team}""#);
    let mut asked = by_user(policy, &[("aws:PrincipalTag/team", "*")]);
    check(&asked, ImplicitDeny);
    asked.resource = "arn:aws:s3:::b/*";
    check(&asked, Allow);
    let policy = condition("StringLike", "aws:RequestTag/x", "${aws:PrincipalTag/team}");
    check(
        &by_user(
            policy.clone(),
            &[("aws:PrincipalTag/team", "*"), ("aws:RequestTag/x", "zzz")],
        ),
        ImplicitDeny,
    );
    check(
        &by_user(policy, &[("aws:PrincipalTag/team", "z?z"), ("aws:RequestTag/x", "z?z")]),
        Allow,
    );
    let policy = condition("ArnLike", "aws:SourceArn", "arn:aws:sns:${aws:PrincipalTag/team}:topic");
    let context = [
        ("aws:PrincipalTag/team", "us-east-1:1"),
        ("aws:SourceArn", "arn:aws:sns:us-east-1:1:topic"),
    ];
    check(&by_user(policy, &context), ImplicitDeny);
}

#[test]
fn t10_arn_operators_compare_segment_by_segment() {
    let arn = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt";
    let pattern = "arn:aws:someservice:*:111122223333:finance/*";
    for (operator, expected) in [
        ("ArnLike", ImplicitDeny),
        ("ArnEquals", ImplicitDeny),
        ("StringLike", Allow),
        ("ArnNotLike", Allow),
    ] {
        check(
            &by_user(condition(operator, "aws:SourceArn", pattern), &[("aws:SourceArn", arn)]),
            expected,
        );
    }
    let arn = "arn:aws:someservice:us-east-2:111122223333:finance/a:b";
    check(
        &by_user(
            condition("ArnEquals", "aws:SourceArn", pattern),
            &[("aws:SourceArn", arn)],
        ),
        Allow,
    );
}

#[test]
fn t11_variables_work_inside_conditions() {
    let policy = condition("StringEquals", "aws:PrincipalAccount", "${aws:ResourceAccount}");
    let context = |account| [("aws:PrincipalAccount", ACCOUNT), ("aws:ResourceAccount", account)];
    check(&by_user(policy.clone(), &context(ACCOUNT)), Allow);
    check(&by_user(policy.clone(), &context("444455556666")), ImplicitDeny);
    check(&by_user(policy, &[("aws:PrincipalAccount", ACCOUNT)]), ImplicitDeny);
}

#[test]
fn t12_literal_variables_and_for_all_values_if_exists_are_known() {
    for (pattern, value, expected) in [
        ("a${*}", "a*", Allow),
        ("a${*}", "ab", ImplicitDeny),
        ("a${?}c", "a?c", Allow),
        ("a${?}c", "abc", ImplicitDeny),
        ("${$}{aws:username}", "${aws:username}", Allow),
    ] {
        check(
            &by_user(
                condition("StringLike", "aws:referer", pattern),
                &[("aws:referer", value)],
            ),
            expected,
        );
    }
    let policy = condition("ForAllValues:StringEqualsIfExists", "aws:TagKeys", "x");
    check(&by_user(policy.clone(), &[]), Allow);
    check(&by_user(policy, &[("aws:TagKeys", "y")]), ImplicitDeny);
}

#[test]
fn t13_values_that_do_not_parse_are_unmatched_and_no_error() {
    for (operator, key, policy, request, expected) in [
        ("NumericEquals", "aws:MultiFactorAuthAge", "abc", "10", ImplicitDeny),
        ("NumericLessThan", "aws:MultiFactorAuthAge", "10", "abc", ImplicitDeny),
        ("DateEquals", "aws:CurrentTime", "notadate", "2026-01-01", ImplicitDeny),
        (
            "DateEquals",
            "aws:CurrentTime",
            "2026-01-01",
            "2026-01-01T00:00:00Z",
            Allow,
        ),
        ("IpAddress", "aws:SourceIp", "garbage", "1.2.3.4", ImplicitDeny),
        ("IpAddress", "aws:SourceIp", "0.0.0.0/0", "garbage", ImplicitDeny),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::b", "not-an-arn", ImplicitDeny),
        ("BinaryEquals", "test:bin", "!", "!", ImplicitDeny),
        ("Bool", "aws:SecureTransport", "maybe", "maybe", ImplicitDeny),
    ] {
        check(&by_user(condition(operator, key, policy), &[(key, request)]), expected);
    }
}

#[test]
fn t14_the_resource_star_and_short_patterns_are_understood() {
    let ecs = "arn:aws:ecs:us-east-1:111122223333:task-definition/web:1";
    for (pattern, resource, expected) in [
        ("*", "*", Allow),
        ("arn:*", ecs, Allow),
        ("arn:aws:ecs:*", ecs, Allow),
        ("arn:aws:ecs:us-east-1:*", ecs, Allow),
        ("arn:aws:ecs:us-*", ecs, Allow),
        ("arn:aws:ec2:*", ecs, ImplicitDeny),
        ("arn:aws:ecs:us-west-2:*", ecs, ImplicitDeny),
        ("arn:*", "*", ImplicitDeny),
        ("arn:aws:ecs:us-east-1", ecs, ImplicitDeny),
        ("arn:aws:ecs:us-east-1:*:web:1", ecs, ImplicitDeny),
    ] {
        let policy = one(&format!(r#""Effect":"Allow","Action":"*","Resource":"{pattern}""#));
        let mut asked = by_user(policy, &[]);
        asked.resource = resource;
        check(&asked, expected);
    }
}

#[test]
fn t15_actions_have_no_letter_case() {
    for action in [
        "s3:getobject",
        "S3:GETOBJECT",
        "s3:GetObject",
        "unknown:Thing",
        "UNKNOWN:tHING",
    ] {
        let mut asked = by_user(
            one(r#""Effect":"Allow","Action":["S3:getObject","Unknown:Thing"],"Resource":"*""#),
            &[],
        );
        asked.action = action;
        check(&asked, Allow);
    }
}

#[test]
fn t16_globs_backtrack() {
    for (pattern, name, expected) in [
        ("a*c", "abcc", Allow),
        ("a*bc", "abbc", Allow),
        ("*ab", "aab", Allow),
        ("a*b?d", "abcbxd", Allow),
    ] {
        let policy = one(&format!(
            r#""Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::{pattern}""#
        ));
        let mut asked = by_user(policy, &[]);
        let resource = format!("arn:aws:s3:::{name}");
        asked.resource = &resource;
        check(&asked, expected);
    }
}

#[test]
fn t17_policy_types_are_kept_apart() {
    // Merged into one list, the boundary's Allow would grant.
    let mut asked = by_user(one(r#""Effect":"Allow","Action":"ecs:*","Resource":"*""#), &[]);
    asked.documents.boundary = Some(everything());
    asked.documents.session = Some(vec![everything()]);
    asked.documents.scps = vec![vec![everything()]];
    check(&asked, ImplicitDeny);
}
