//! Explanations, decoded authorization messages and the lists of keys.

use std::sync::Arc;

use roadstead_policy::{
    Action, Document, MapContext, Outcome, PolicyLabel, PolicySet, PolicyType, Principal, Program, Request, Resource,
    ResourceSide, Subject, authorization_message, context_keys, evaluate, explain,
};

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Sid":"Reads","Effect":"Allow","Action":["ec2:Describe*","ec2:Get*"],"Resource":"*"},
    {"Sid":"Tagged","Effect":"Allow","NotAction":"iam:*","Resource":["arn:aws:ec2:*:*:instance/${aws:username}*","arn:aws:ec2:*:*:volume/${*}"],
     "Condition":{"StringLike":{"ec2:ResourceTag/team":["red*","${aws:PrincipalTag/team, 'none'}"]},"Bool":{"aws:SecureTransport":"true"}}},
    {"Sid":"NoBig","Effect":"Deny","Action":"ec2:RunInstances","NotResource":"arn:aws:ec2:*:*:subnet/*",
     "Condition":{"StringLike":{"ec2:InstanceType":"*.metal"}}}]}"#;

fn policies() -> PolicySet {
    let label = PolicyLabel::new(PolicyType::Identity, "arn:aws:iam::111122223333:policy/p");
    let program = Program::compile(&Document::parse(POLICY).unwrap(), label);
    PolicySet {
        identity: vec![Arc::new(program)],
        ..PolicySet::default()
    }
}

#[test]
fn an_explanation_tells_which_test_of_which_statement_failed() {
    let policies = policies();
    let alice = Principal::user("arn:aws:iam::111122223333:user/alice");
    let context = MapContext::new()
        .with("ec2:ResourceTag/team", "blue")
        .with("aws:username", "i-");
    let arn = "arn:aws:ec2:us-east-1:111122223333:instance/i-1";
    let request = Request::new(
        &alice,
        Action::named("ec2:StartInstances"),
        Resource::new(arn),
        &context,
    );
    let side = ResourceSide::default();
    let explanation = explain(&policies, &side, &request);
    assert_eq!(explanation.decision.outcome, Outcome::ImplicitDeny);
    let [policy] = explanation.policies.as_slice() else {
        panic!("one policy is considered")
    };
    assert_eq!(&*policy.label.name, "arn:aws:iam::111122223333:policy/p");
    let failures: Vec<_> = policy
        .statements
        .iter()
        .map(|s| (s.sid.as_deref(), s.first_failure().unwrap()))
        .collect();
    assert_eq!(failures[0].0, Some("Reads"));
    assert_eq!(failures[0].1.subject, Subject::Action(false));
    assert_eq!(failures[0].1.policy, ["ec2:Describe*", "ec2:Get*"]);
    assert_eq!(failures[1].1.request, ["blue"]);
    assert_eq!(failures[1].1.policy, ["red*", "${aws:PrincipalTag/team, 'none'}"]);
    let tests = &policy.statements[1].tests;
    assert_eq!(tests[0].subject, Subject::Action(true));
    assert!(tests[1].passed);
    assert_eq!(
        tests[1].policy,
        [
            "arn:aws:ec2:*:*:instance/${aws:username}*",
            "arn:aws:ec2:*:*:volume/${*}"
        ]
    );
    let text = explanation.to_string();
    assert!(
        text.starts_with("implicitDeny: no identity-based policy allows it\n"),
        "{text}"
    );
    let line = "  1 Allow Tagged: condition StringLike ec2:ResourceTag/team: the request has `blue`, the policy `red*`, `${aws:PrincipalTag/team, 'none'}`\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn the_decoded_authorization_message_holds_the_denying_statement() {
    let policies = policies();
    let alice = Principal::user("arn:aws:iam::111122223333:user/alice");
    let context = MapContext::new()
        .with("ec2:InstanceType", "c5.metal")
        .with_list("aws:TagKeys", vec!["a".into(), "b".into()]);
    let arn = "arn:aws:ec2:us-east-1:111122223333:instance/*";
    let request = Request::new(&alice, Action::named("ec2:RunInstances"), Resource::new(arn), &context);
    let side = ResourceSide::default();
    let decision = evaluate(&policies, &side, &request);
    let keys = ["ec2:InstanceType", "aws:TagKeys", "aws:SourceIp"];
    let message = authorization_message(&decision, &request, "AIDAEXAMPLE", Some("alice"), &keys);
    assert_eq!(
        message,
        concat!(
            r#"{"allowed":false,"explicitDeny":true,"matchedStatements":{"items":[{"statementId":"NoBig","effect":"DENY","#,
            r#""principals":{"items":[]},"principalGroups":{"items":[]},"actions":{"items":[{"value":"ec2:RunInstances"}]},"#,
            r#""notResources":{"items":[{"value":"arn:aws:ec2:*:*:subnet/*"}]},"conditions":{"items":[{"key":"ec2:InstanceType","#,
            r#""values":{"items":[{"value":"*.metal"}]}}]}}]},"failures":{"items":[]},"context":{"principal":{"id":"AIDAEXAMPLE","#,
            r#""name":"alice","arn":"arn:aws:iam::111122223333:user/alice"},"action":"ec2:RunInstances","#,
            r#""resource":"arn:aws:ec2:us-east-1:111122223333:instance/*","conditions":{"items":[{"key":"ec2:InstanceType","#,
            r#""values":{"items":[{"value":"c5.metal"}]}},{"key":"aws:TagKeys","values":{"items":[{"value":"a"},{"value":"b"}]}}]}}}"#
        )
    );
}

#[test]
fn the_keys_of_conditions_and_variables_are_listed_once() {
    let document = Document::parse(POLICY).unwrap();
    let expected = [
        "aws:username",
        "ec2:ResourceTag/team",
        "aws:PrincipalTag/team",
        "aws:SecureTransport",
        "ec2:InstanceType",
    ];
    assert_eq!(context_keys([&document, &document]), expected);
}
