//! A decision takes nothing from the heap. A binary of its own: the counting allocator serves the whole process.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::sync::Arc;

use roadstead_policy::{
    Action, Context, Document, Key, KeyId, Outcome, PolicyLabel, PolicySet, PolicyType, Principal, Program, Request,
    Resource, ResourcePolicy, ResourceSide, Value, evaluate,
};

/// A context as a server has it: values where they are, computed when asked.
struct Live;

impl Context for Live {
    fn get<'a>(&'a self, key: Key<'_>) -> Option<Value<'a>> {
        match key {
            Key::Known(KeyId::PRINCIPAL_ACCOUNT | KeyId::RESOURCE_ACCOUNT) => Some(Value::Str("111122223333")),
            Key::Known(KeyId::CURRENT_TIME) => Some(Value::Time(1_767_225_600_000)),
            Key::Known(KeyId::USER_NAME) => Some(Value::Str("alice")),
            Key::Known(KeyId::SOURCE_IP) => Some(Value::Ip([203, 0, 113, 7].into())),
            Key::Known(KeyId::TAG_KEYS) => Some(Value::List(&["AmazonECSManaged"])),
            Key::Tag(KeyId::RESOURCE_TAG | KeyId::REQUEST_TAG, tag) if tag.eq_ignore_ascii_case("AmazonECSManaged") => {
                Some(Value::Str(""))
            }
            _ => None,
        }
    }
}

fn program(text: &str, policy_type: PolicyType) -> Arc<Program> {
    Arc::new(Program::compile(
        &Document::parse(text).unwrap(),
        PolicyLabel::new(policy_type, "p"),
    ))
}

fn check(
    policies: &PolicySet,
    side: &ResourceSide<'_>,
    principal: &Principal,
    action: &str,
    resource: &str,
    expected: Outcome,
) {
    let action = Action::named(action);
    let request = Request::new(principal, action, Resource::new(resource), &Live).owned_by("111122223333");
    let mut outcome = None;
    let counted = allocation_counter::measure(|| outcome = Some(evaluate(policies, side, &request).outcome));
    assert_eq!(outcome, Some(expected), "{} on {resource}", request.action.name());
    assert_eq!(
        counted.count_total,
        0,
        "{} on {resource} allocates",
        request.action.name()
    );
}

#[test]
fn what_the_ecs_service_role_does_allocates_nothing() {
    let text = include_str!("data/AmazonECSServiceRolePolicy.json");
    let policies = PolicySet {
        identity: vec![program(text, PolicyType::Identity)],
        ..PolicySet::default()
    };
    let principal = Principal::service_linked_session(
        "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForECS/ecs-service-scheduler",
        "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
    );
    for (action, resource, expected) in [
        ("ec2:CreateNetworkInterface", "*", Outcome::Allow),
        ("elasticloadbalancing:RegisterTargets", "*", Outcome::Allow),
        (
            "logs:PutLogEvents",
            "arn:aws:logs:us-east-1:111122223333:log-group:/aws/ecs/x:log-stream:y",
            Outcome::Allow,
        ),
        (
            "ssmmessages:OpenDataChannel",
            "arn:aws:ssm:us-east-1:111122223333:session/s",
            Outcome::Allow,
        ),
        ("servicediscovery:CreateService", "*", Outcome::Allow),
        ("servicediscovery:TagResource", "*", Outcome::Allow),
        ("servicediscovery:DeleteService", "*", Outcome::Allow),
        ("autoscaling:UpdateAutoScalingGroup", "*", Outcome::ImplicitDeny),
        ("ecs:RunTask", "*", Outcome::ImplicitDeny),
        ("nobody:Knows", "*", Outcome::ImplicitDeny),
    ] {
        check(
            &policies,
            &ResourceSide::default(),
            &principal,
            action,
            resource,
            expected,
        );
    }
}

#[test]
fn every_kind_of_condition_and_policy_allocates_nothing() {
    let identity = program(
        r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":"s3:Get*t","Resource":"arn:aws:s3:::home/${aws:username}/*","Condition":{
                "IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"StringLike":{"aws:username":"a*"},
                "DateLessThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"},"StringEquals":{"aws:SourceIp":"203.0.113.7"},
                "ForAllValues:StringEqualsIgnoreCase":{"aws:TagKeys":["amazonecsmanaged"]},"Null":{"aws:referer":"true"}}},
            {"Effect":"Deny","NotAction":"s3:*","NotResource":"arn:aws:s3:::home/*"}]}"#,
        PolicyType::Identity,
    );
    let limit = |kind| program(r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#, kind);
    let policies = PolicySet {
        identity: vec![identity],
        boundary: Some(limit(PolicyType::Boundary)),
        session: Some(vec![limit(PolicyType::Session)]),
        scps: vec![vec![limit(PolicyType::Scp)]; 2],
    };
    let bucket = program(
        r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"s3:*","Resource":"*"}}"#,
        PolicyType::Resource,
    );
    let side = ResourceSide {
        policy: ResourcePolicy::Resource(&bucket),
        ..ResourceSide::default()
    };
    let alice = Principal::user("arn:aws:iam::111122223333:user/alice");
    check(
        &policies,
        &side,
        &alice,
        "s3:GetObject",
        "arn:aws:s3:::home/alice/x",
        Outcome::Allow,
    );
    check(
        &policies,
        &side,
        &alice,
        "s3:GetObject",
        "arn:aws:s3:::home/bob/x",
        Outcome::ImplicitDeny,
    );
    check(&policies, &side, &alice, "ec2:RunInstances", "*", Outcome::ExplicitDeny);
}
