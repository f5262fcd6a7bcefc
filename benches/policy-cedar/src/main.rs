//! `AmazonECSServiceRolePolicy` in three engines: ours, the reference evaluator, and Cedar with a translation.
//!
//! `cargo run --release --manifest-path benches/policy-cedar/Cargo.toml` prints nanoseconds of thread CPU time.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::str::FromStr;
use std::time::Duration;

use cedar_policy::{Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, RestrictedExpression};
use cpu_time::ThreadTime;
use roadstead_policy::reference::{self, Documents};
use roadstead_policy::{Action, ActionId, Document, MapContext, Principal, Request, Resource, evaluate};
use serde_json::Value;

const POLICY: &str = include_str!("../../../base/policy/tests/data/AmazonECSServiceRolePolicy.json");
const ACCOUNT: &str = "111122223333";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Action, resource, condition keys.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const CASES: [Case; 6] = [
    ("elasticloadbalancing:DescribeTargetHealth", "*", &[]),
    (
        "ec2:CreateNetworkInterface",
        "arn:aws:ec2:eu-central-1:111122223333:network-interface/*",
        &[],
    ),
    (
        "autoscaling:UpdateAutoScalingGroup",
        "arn:aws:autoscaling:eu-central-1:111122223333:autoScalingGroup:u:autoScalingGroupName/g",
        &[("autoscaling:ResourceTag/AmazonECSManaged", "")],
    ),
    (
        "events:DescribeRule",
        "arn:aws:events:eu-central-1:111122223333:rule/ecs-managed-draining",
        &[],
    ),
    (
        "logs:PutLogEvents",
        "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/ecs/c/performance:log-stream:s",
        &[],
    ),
    (
        "ssmmessages:OpenDataChannel",
        "arn:aws:ssm:eu-central-1:111122223333:session/s",
        &[("aws:PrincipalAccount", ACCOUNT), ("aws:ResourceAccount", ACCOUNT)],
    ),
];

fn main() -> Result<()> {
    let cedar: PolicySet = translated()?.parse()?;
    let documents = Documents {
        identity: vec![Document::parse(POLICY)?],
        ..Documents::default()
    };
    let compiled = documents.compile();
    let principal = Principal::service_linked_session(
        "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForECS/ecs-service-scheduler",
        "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
    );
    let authorizer = Authorizer::new();
    println!("{:<64} {:>10} {:>10}", "ns per authorization", "p50", "p99");
    for (action, resource, keys) in CASES {
        let context = keys
            .iter()
            .fold(MapContext::new(), |context, (key, value)| context.with(*key, *value));
        let id = ActionId::find(action).ok_or("an unknown action")?;
        let request = Request::new(&principal, Action::from(id), Resource::new(resource), &context).owned_by(ACCOUNT);
        let side = compiled.side();
        if !evaluate(&compiled.policies, &side, &request).is_allowed() {
            return Err(format!("{action} is not allowed").into());
        }
        measure(&format!("{action}: roadstead-policy"), 1000, || {
            evaluate(&compiled.policies, &side, black_box(&request))
        });
        measure(&format!("{action}: reference evaluator"), 10, || {
            reference::evaluate(&documents, black_box(&request))
        });

        let uid = |kind: &str, id: &str| -> Result<EntityUid> { Ok(EntityUid::from_str(&format!("{kind}::{id:?}"))?) };
        let arn = HashMap::from([("arn".to_owned(), RestrictedExpression::new_string(resource.to_owned()))]);
        let target = Entity::new(uid("Resource", resource)?, arn, HashSet::new())?;
        let groups = groups_of(action)?
            .iter()
            .map(|group| uid("Action", group))
            .collect::<Result<_>>()?;
        let member = Entity::new(uid("Action", action)?, HashMap::new(), groups)?;
        let entities = Entities::from_entities([target, member], None)?;
        let pairs = keys
            .iter()
            .map(|(key, value)| ((*key).to_owned(), RestrictedExpression::new_string((*value).to_owned())));
        let context = Context::from_pairs(pairs)?;
        let (caller, action_uid) = (uid("Role", "AWSServiceRoleForECS")?, uid("Action", action)?);
        let asked = cedar_policy::Request::new(caller, action_uid, uid("Resource", resource)?, context, None)?;
        if authorizer.is_authorized(&asked, &cedar, &entities).decision() != Decision::Allow {
            return Err(format!("Cedar does not allow {action}").into());
        }
        measure(&format!("{action}: cedar-policy"), 10, || {
            authorizer.is_authorized(black_box(&asked), &cedar, &entities)
        });
    }
    Ok(())
}

/// The patterns with a star that match an action: the groups it belongs to.
fn groups_of(action: &str) -> Result<Vec<String>> {
    let policy: Value = serde_json::from_str(POLICY)?;
    let statements = policy["Statement"].as_array().ok_or("no statements")?;
    let patterns = statements.iter().flat_map(|statement| list(&statement["Action"]));
    Ok(patterns
        .filter(|pattern| {
            pattern
                .strip_suffix('*')
                .is_some_and(|prefix| action.starts_with(prefix))
        })
        .collect())
}

/// Each statement as a `permit`: action patterns are groups, ARNs with `like`, conditions over the context.
fn translated() -> Result<String> {
    let policy: Value = serde_json::from_str(POLICY)?;
    let mut out = String::new();
    for statement in policy["Statement"].as_array().ok_or("no statements")? {
        let patterns = list(&statement["Action"]);
        let actions: Vec<String> = patterns.iter().map(|pattern| format!("Action::{pattern:?}")).collect();
        write!(
            out,
            "permit(principal == Role::\"AWSServiceRoleForECS\", action in [{}], resource)",
            actions.join(", ")
        )?;
        let resources: Vec<_> = list(&statement["Resource"])
            .into_iter()
            .filter(|arn| arn != "*")
            .collect();
        let mut tests = Vec::new();
        if !resources.is_empty() {
            let likes: Vec<String> = resources
                .iter()
                .map(|arn| format!("resource.arn like {arn:?}"))
                .collect();
            tests.push(format!("({})", likes.join(" || ")));
        }
        for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
            for (key, value) in keys.as_object().into_iter().flatten() {
                tests.push(test(operator, key, value)?);
            }
        }
        if !tests.is_empty() {
            write!(out, " when {{ {} }}", tests.join(" && "))?;
        }
        out.push_str(";\n");
    }
    Ok(out)
}

fn test(operator: &str, key: &str, value: &Value) -> Result<String> {
    let first = list(value).into_iter().next().unwrap_or_default();
    Ok(
        match (
            operator,
            first.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')),
        ) {
            ("Null", _) => format!("context has {key:?}"),
            ("StringEquals", Some(variable)) => {
                format!("context has {key:?} && context has {variable:?} && context[{key:?}] == context[{variable:?}]")
            }
            ("StringEquals", None) => format!("context has {key:?} && context[{key:?}] == {first:?}"),
            ("StringLike", None) => format!("context has {key:?} && context[{key:?}] like {first:?}"),
            ("ForAllValues:StringEquals", None) => {
                format!("(!(context has {key:?}) || [{first:?}].containsAll(context[{key:?}]))")
            }
            _ => return Err(format!("no translation of {operator}").into()),
        },
    )
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn measure<T>(name: &str, batch: u32, mut work: impl FnMut() -> T) {
    let warm = ThreadTime::now();
    while warm.elapsed() < Duration::from_millis(100) {
        black_box(work());
    }
    let mut samples: Vec<f64> = Vec::new();
    let begin = ThreadTime::now();
    while samples.len() < 300 && begin.elapsed() < Duration::from_secs(2) {
        let start = ThreadTime::now();
        for _ in 0..batch {
            black_box(work());
        }
        samples.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(batch));
    }
    samples.sort_by(f64::total_cmp);
    let at = |part: usize| {
        samples
            .get((samples.len() - 1) * part / 100)
            .copied()
            .unwrap_or_default()
    };
    println!("{name:<64} {:>10.0} {:>10.0}", at(50), at(99));
}
