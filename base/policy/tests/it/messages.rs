//! The words of a refusal, byte for byte where AWS documents them.

use roadstead_policy::reference::{Documents, ResourceRules};
use roadstead_policy::{Action, Document, MapContext, Principal, Request, Resource};

const DENY: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}"#;
const ALLOW: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;
const OTHER: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}"#;

fn document(text: &str) -> Document {
    Document::parse(text).unwrap()
}

fn check(documents: &Documents, owner: &str, reason: &str) {
    let session = "arn:aws:sts::111122223333:assumed-role/app/s1";
    let principal = Principal::role_session(session, "arn:aws:iam::111122223333:role/path/app");
    let context = MapContext::new();
    let cluster = "arn:aws:ecs:us-east-1:111122223333:cluster/c";
    let request = Request::new(
        &principal,
        Action::named("ECS:deletecluster"),
        Resource::new(cluster),
        &context,
    )
    .owned_by(owner);
    let compiled = documents.compile();
    let expected =
        format!("User: {session} is not authorized to perform: ecs:DeleteCluster on resource: {cluster} {reason}");
    assert_eq!(
        compiled.decide(&request).message(&request).unwrap(),
        expected.trim_end()
    );
}

#[test]
fn each_kind_of_policy_has_its_words() {
    let own = "111122223333";
    let allowed = || Documents {
        identity: vec![document(ALLOW)],
        ..Documents::default()
    };
    let ordinary = |text| Some((document(text), ResourceRules::Ordinary));
    let trust = |text| Some((document(text), ResourceRules::Trust(false)));
    let because = |kind: &str| format!("because no {kind} allows the ecs:DeleteCluster action");

    check(&Documents::default(), own, &because("identity-based policy"));
    check(&allowed(), "444455556666", &because("resource-based policy"));
    check(
        &Documents {
            boundary: Some(document(OTHER)),
            ..allowed()
        },
        own,
        &because("permissions boundary"),
    );
    check(
        &Documents {
            session: Some(vec![document(OTHER)]),
            ..allowed()
        },
        own,
        &because("session policy"),
    );
    check(
        &Documents {
            scps: vec![vec![document(OTHER)]],
            ..allowed()
        },
        own,
        &because("service control policy"),
    );
    check(
        &Documents {
            endpoint: Some(document(OTHER)),
            ..allowed()
        },
        own,
        &because("VPC endpoint policy"),
    );
    check(
        &Documents {
            resource: trust(OTHER),
            ..allowed()
        },
        own,
        &because("role trust policy"),
    );

    let deny = |kind: &str| format!("with an explicit deny in {kind}");
    check(
        &Documents {
            identity: vec![document(DENY)],
            ..allowed()
        },
        own,
        &deny("an identity-based policy"),
    );
    check(
        &Documents {
            resource: ordinary(DENY),
            ..allowed()
        },
        own,
        &deny("a resource-based policy"),
    );
    check(
        &Documents {
            boundary: Some(document(DENY)),
            ..allowed()
        },
        own,
        &deny("a permissions boundary"),
    );
    check(
        &Documents {
            session: Some(vec![document(DENY)]),
            ..allowed()
        },
        own,
        &deny("a sessions policy"),
    );
    check(
        &Documents {
            scps: vec![vec![document(DENY)]],
            ..allowed()
        },
        own,
        &deny("a service control policy"),
    );
    check(
        &Documents {
            rcps: vec![vec![document(DENY)]],
            ..allowed()
        },
        own,
        &deny("a resource control policy"),
    );
    check(
        &Documents {
            endpoint: Some(document(DENY)),
            ..allowed()
        },
        own,
        &deny("a VPC endpoint policy"),
    );
    check(
        &Documents {
            resource: trust(DENY),
            ..allowed()
        },
        own,
        &deny("the role trust policy"),
    );
}

#[test]
fn one_type_is_named_when_several_deny() {
    let all = Documents {
        identity: vec![document(DENY)],
        boundary: Some(document(DENY)),
        session: Some(vec![document(DENY)]),
        scps: vec![vec![document(DENY)]],
        ..Documents::default()
    };
    check(
        &all,
        "111122223333",
        "with an explicit deny in a service control policy",
    );
}

#[test]
fn assuming_a_service_linked_role_is_refused_without_a_reason() {
    let trust = document(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ecs.amazonaws.com"},"Action":"sts:AssumeRole"}}"#,
    );
    let documents = Documents {
        identity: vec![document(ALLOW)],
        resource: Some((trust, ResourceRules::Trust(true))),
        ..Documents::default()
    };
    let compiled = documents.compile();
    let role = "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
    let message = |principal: &Principal| {
        let request = Request::new(principal, Action::named("sts:AssumeRole"), Resource::new(role), &());
        compiled.decide(&request).message(&request)
    };
    let expected = format!(
        "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: sts:AssumeRole on resource: {role}"
    );
    assert_eq!(
        message(&Principal::user("arn:aws:iam::111122223333:user/alice")),
        Some(expected)
    );
    assert_eq!(message(&Principal::service("ecs.amazonaws.com")), None);
    assert!(message(&Principal::service("ecs-tasks.amazonaws.com")).is_some());
}
