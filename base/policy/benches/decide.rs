//! How fast the engine decides and compiles, in thread CPU time, beside the reference evaluator.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark"
)]

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;
use roadstead_policy::reference::{self, Documents, ResourceRules};
use roadstead_policy::{
    Action, ActionId, Context, Document, Key, KeyId, PolicyLabel, PolicyType, Principal, Program, Request, Resource,
    Value, evaluate,
};

const ACCOUNT: &str = "111122223333";

/// A context as a server has it.
struct Live;

impl Context for Live {
    fn get<'a>(&'a self, key: Key<'_>) -> Option<Value<'a>> {
        match key {
            Key::Known(KeyId::PRINCIPAL_ACCOUNT | KeyId::RESOURCE_ACCOUNT) => Some(Value::Str(ACCOUNT)),
            Key::Known(KeyId::SOURCE_IP) => Some(Value::Ip([203, 0, 113, 7].into())),
            Key::Known(KeyId::REQUESTED_REGION) => Some(Value::Str("eu-central-1")),
            Key::Tag(
                KeyId::RESOURCE_TAG | KeyId::REQUEST_TAG | KeyId::AUTOSCALING_RESOURCE_TAG,
                "AmazonECSManaged",
            ) => Some(Value::Str("")),
            _ => None,
        }
    }
}

/// Times `work` in batches and prints percentiles of the mean per batch, in nanoseconds.
fn measure<T>(name: &str, batch: u32, mut work: impl FnMut() -> T) {
    let warm = ThreadTime::now();
    while warm.elapsed() < Duration::from_millis(100) {
        black_box(work());
    }
    let mut samples: Vec<f64> = Vec::new();
    let begin = ThreadTime::now();
    while samples.len() < 400 && begin.elapsed() < Duration::from_secs(2) {
        let start = ThreadTime::now();
        for _ in 0..batch {
            black_box(work());
        }
        samples.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(batch));
    }
    samples.sort_by(f64::total_cmp);
    let at = |part: usize| samples[(samples.len() - 1) * part / 1000];
    println!(
        "{name:<58} {:>10.1} {:>10.1} {:>10.1} {:>10.1}",
        at(500),
        at(900),
        at(990),
        at(999)
    );
}

fn document(text: &str) -> Document {
    Document::parse(text).unwrap()
}

fn label() -> PolicyLabel {
    PolicyLabel::new(PolicyType::Identity, "p")
}

fn main() {
    println!(
        "{:<58} {:>10} {:>10} {:>10} {:>10}",
        "ns per call", "p50", "p90", "p99", "p99.9"
    );
    service_role();
    full_stack();
    compiling();
    worst_case();
}

/// `AmazonECSServiceRolePolicy`, statement kinds from the cheapest to the dearest.
fn service_role() {
    let text = include_str!("../tests/data/AmazonECSServiceRolePolicy.json");
    let documents = Documents {
        identity: vec![document(text)],
        ..Documents::default()
    };
    let compiled = documents.compile();
    let role = format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS");
    let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForECS/ecs-service-scheduler");
    let principal = Principal::service_linked_session(session, role);
    let side = compiled.side();
    let cases = [
        (
            "ec2:CreateNetworkInterface",
            "arn:aws:ec2:eu-central-1:111122223333:network-interface/*",
        ),
        ("elasticloadbalancing:DescribeTargetHealth", "*"),
        (
            "autoscaling:UpdateAutoScalingGroup",
            "arn:aws:autoscaling:eu-central-1:111122223333:autoScalingGroup:u:autoScalingGroupName/g",
        ),
        (
            "events:DescribeRule",
            "arn:aws:events:eu-central-1:111122223333:rule/ecs-managed-draining",
        ),
        (
            "logs:PutLogEvents",
            "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/ecs/containerinsights/c/performance:log-stream:s",
        ),
        (
            "ssmmessages:OpenDataChannel",
            "arn:aws:ssm:eu-central-1:111122223333:session/ecs-execute-command-0a",
        ),
        ("servicediscovery:CreateService", "*"),
        (
            "servicediscovery:TagResource",
            "arn:aws:servicediscovery:eu-central-1:111122223333:service/srv-1",
        ),
    ];
    for (action, resource) in cases {
        let id = ActionId::find(action).unwrap();
        let request = Request::new(&principal, Action::from(id), Resource::new(resource), &Live).owned_by(ACCOUNT);
        assert!(evaluate(&compiled.policies, &side, &request).is_allowed(), "{action}");
        measure(&format!("allow {action}"), 1000, || {
            evaluate(&compiled.policies, black_box(&side), black_box(&request))
        });
    }
    let requests = cases.map(|(action, resource)| {
        let id = ActionId::find(action).unwrap();
        Request::new(&principal, Action::from(id), Resource::new(resource), &Live).owned_by(ACCOUNT)
    });
    let mut turn = 0;
    measure("allow, the eight in turn", 1000, || {
        turn = (turn + 1) % requests.len();
        evaluate(&compiled.policies, black_box(&side), black_box(&requests[turn]))
    });
    let decode = |action: &'static str, resource: &'static str| {
        let request = Request::new(
            &principal,
            Action::named(black_box(action)),
            Resource::new(black_box(resource)),
            &Live,
        );
        evaluate(&compiled.policies, &side, &request.owned_by(ACCOUNT)).outcome
    };
    let arn = "arn:aws:ec2:eu-central-1:111122223333:network-interface/eni-0a";
    measure("allow, action by name and ARN split included", 1000, || {
        decode("ec2:CreateNetworkInterface", arn)
    });
    let refused = Request::new(&principal, Action::named("ecs:RunTask"), Resource::new(arn), &Live).owned_by(ACCOUNT);
    measure("deny ecs:RunTask with its message", 1000, || {
        evaluate(&compiled.policies, &side, &refused).message(&refused)
    });
    let allowed = Request::new(
        &principal,
        Action::named("ec2:CreateNetworkInterface"),
        Resource::new(arn),
        &Live,
    );
    measure("reference evaluator: allow ec2:CreateNetworkInterface", 10, || {
        reference::evaluate(&documents, &allowed)
    });
    let logs = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/ecs/containerinsights/c/performance:log-stream:s";
    let allowed = Request::new(
        &principal,
        Action::named("logs:PutLogEvents"),
        Resource::new(logs),
        &Live,
    );
    measure("reference evaluator: allow logs:PutLogEvents", 10, || {
        reference::evaluate(&documents, &allowed)
    });
}

/// Ten identity policies, boundary, session policy, two SCP levels, a resource policy.
fn full_stack() {
    let everything = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let guard = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
        {"Effect":"Deny","Action":["organizations:*","account:*","iam:CreateUser"],"Resource":"*"},
        {"Effect":"Deny","NotAction":["iam:*","sts:*","s3:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-central-1","eu-west-1"]}}}]}"#;
    let one = |service: &str| {
        document(&format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"A","Effect":"Allow","Action":["{service}:Describe*","{service}:List*","{service}:Get*"],"Resource":"*"}},
            {{"Sid":"B","Effect":"Allow","Action":"{service}:*","Resource":"arn:aws:{service}:*:111122223333:*","Condition":{{"IpAddress":{{"aws:SourceIp":["203.0.113.0/24","10.0.0.0/8"]}}}}}}]}}"#
        ))
    };
    let services = [
        "logs",
        "ec2",
        "s3",
        "iam",
        "ssm",
        "events",
        "route53",
        "kms",
        "cloudwatch",
        "ecs",
    ];
    let bucket = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"ecs:*","Resource":"*"},
        {"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;
    let documents = Documents {
        identity: services.map(one).to_vec(),
        boundary: Some(document(guard)),
        session: Some(vec![document(everything)]),
        scps: vec![
            vec![document(everything), document(guard)],
            vec![document(everything), document(guard)],
        ],
        resource: Some((document(bucket), ResourceRules::Ordinary)),
        ..Documents::default()
    };
    let compiled = documents.compile();
    let principal = Principal::role_session(
        "arn:aws:sts::111122223333:assumed-role/app/s",
        "arn:aws:iam::111122223333:role/app",
    );
    let side = compiled.side();
    let arn = Resource::new("arn:aws:ecs:eu-central-1:111122223333:task-definition/web:1");
    let request = Request::new(&principal, ActionId::find("ecs:RunTask").unwrap().into(), arn, &Live).owned_by(ACCOUNT);
    assert!(evaluate(&compiled.policies, &side, &request).is_allowed());
    measure("full stack: allow", 1000, || {
        evaluate(&compiled.policies, black_box(&side), black_box(&request))
    });
    let refused = Request {
        action: ActionId::find("ecr:PutImage").unwrap().into(),
        ..request
    };
    assert!(!evaluate(&compiled.policies, &side, &refused).is_allowed());
    measure("full stack: deny with its message", 1000, || {
        evaluate(&compiled.policies, &side, &refused).message(&refused)
    });
    measure("reference evaluator: full stack, allow", 10, || {
        reference::evaluate(&documents, &request)
    });
}

fn compiling() {
    let text = include_str!("../tests/data/AmazonECSServiceRolePolicy.json");
    let parsed = document(text);
    measure("parse AmazonECSServiceRolePolicy (4.3 kB)", 20, || {
        document(black_box(text))
    });
    measure("compile AmazonECSServiceRolePolicy (4.3 kB)", 20, || {
        Program::compile(black_box(&parsed), label())
    });
    let actions: Vec<String> = ActionId::all()
        .step_by(9)
        .take(220)
        .map(|id| format!("{:?}", id.name()))
        .collect();
    let large = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":[{}],"Resource":"*"}}]}}"#,
        actions.join(",")
    );
    let large = large
        .get(..)
        .filter(|text| text.len() > 6000)
        .expect("the policy is as large as AWS allows")
        .to_owned();
    let parsed = document(&large);
    let size = large.len();
    measure(&format!("parse a policy of {size} bytes"), 20, || {
        document(black_box(&large))
    });
    measure(&format!("compile a policy of {size} bytes"), 20, || {
        Program::compile(black_box(&parsed), label())
    });
    for (name, text) in [("AmazonECSServiceRolePolicy", text), ("the other", &large)] {
        let bytes = Program::compile(&document(text), label()).memory_bytes();
        println!(
            "{name}: {bytes} bytes compiled, {} bytes of text",
            text.trim_end().len()
        );
    }
}

/// Patterns made to cost as much as they can, against a resource of 2 kB.
fn worst_case() {
    let arn = format!("arn:aws:s3:::{}", "a".repeat(2035));
    let principal = Principal::user("arn:aws:iam::111122223333:user/alice");
    let request = Request::new(&principal, Action::named("s3:GetObject"), Resource::new(&arn), &());
    let cases = [
        ("6 kB of stars", "*".repeat(6000)),
        ("6 kB of `*a`, then `b`", "*a".repeat(3000) + "b"),
        ("1 kB of `a*`, no end", "a*".repeat(500) + "b*c"),
        ("2 kB of `*a`, then `*b*`", "*a".repeat(1000) + "*b*"),
        ("2 kB of `*?`, then `b*`", "*?".repeat(1000) + "b*"),
        ("short patterns", "*b*".to_owned()),
        ("short patterns with `?`", "*a?b*".to_owned()),
        ("runs of 40 with `?` that nearly fit", format!("*{}b*", "a?".repeat(20))),
        ("six runs of 1 kB that nearly fit", format!("*{}b*", "a".repeat(1000))),
        (
            "six runs of 1 kB with `?` that nearly fit",
            format!("*{}b*", "a?".repeat(500)),
        ),
    ];
    for (name, pattern) in cases {
        let one = format!("\"arn:aws:s3:::{pattern}\"");
        let count = (6144 / one.len()).max(1);
        let list = vec![one; count].join(",");
        let text =
            format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":[{list}]}}}}"#);
        let documents = Documents {
            identity: vec![document(&text)],
            ..Documents::default()
        };
        let compiled = documents.compile();
        let side = compiled.side();
        measure(&format!("worst case: {name} (x{count})"), 5, || {
            evaluate(&compiled.policies, &side, black_box(&request))
        });
    }
}
