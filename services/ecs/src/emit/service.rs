//! `ECS Service Action` and `ECS Deployment State Change`: what a written service tells by what changed in it.

use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use serde::Serialize;

use super::iso;
use super::outbox::Told;
use crate::arn;
use crate::control::{NO_INSTANCES, Problem, UNLAUNCHED, UNPLACED, UNSUITED};
use crate::records::{Cause, Deployment, Launch, Rollout, Service, ServiceStatus};

/// The detail of a service action; members are written in this order.
// AWS: documented.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    event_type: &'static str,
    event_name: &'static str,
    cluster_arn: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    task_set_arns: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    capacity_provider_arns: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    container_instance_arns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    created_at: String,
}

/// The detail of a deployment's change; members are written in this order.
// AWS: documented.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    event_type: &'static str,
    event_name: &'static str,
    deployment_id: String,
    updated_at: String,
    reason: &'a str,
}

/// The events that a written service makes.
pub fn told(place: Place, before: Option<&Service>, after: &Service, now: Timestamp) -> Vec<Told> {
    let mut told = Vec::new();
    if after.status != ServiceStatus::Active {
        return told;
    }
    let resource = arn::service(place, &after.cluster, &after.name);
    let cluster_arn = arn::cluster(place, &after.cluster);
    let task_set = |number: &str| arn::task_set(place, &after.cluster, &after.name, number);
    let mut tell = |kind: &str, at: Timestamp, detail: serde_json::Result<String>| match detail {
        Ok(detail) => told.push(Told {
            kind: kind.to_owned(),
            at,
            resource: resource.clone(),
            detail,
        }),
        Err(error) => tracing::error!(%error, "an event cannot be written"),
    };
    for deployment in &after.deployments {
        if let Some((event_type, event_name)) = moved(before, deployment) {
            let change = Change {
                event_type,
                event_name,
                deployment_id: deployment.id(),
                updated_at: iso(now),
                reason: &deployment.reason,
            };
            tell("ECS Deployment State Change", now, serde_json::to_string(&change));
        }
    }
    for (kind, at) in &after.told {
        let was = before.and_then(|before| before.told.get(kind));
        // Those of task sets have their numbers behind them.
        let (problem, set) = kind
            .split_once(' ')
            .map_or((kind.as_str(), None), |(problem, set)| (problem, Some(set)));
        let Some((event_type, event_name)) = named(problem).filter(|_| was != Some(at)) else {
            continue;
        };
        let cause = after.causes.get(problem);
        let instances = cause.map(|cause| cause.instances.as_slice()).unwrap_or_default();
        let action = Action {
            event_type,
            event_name,
            task_set_arns: set.map(&task_set).into_iter().collect(),
            capacity_provider_arns: match event_name {
                "SERVICE_TASK_PLACEMENT_FAILURE" => providers(place, after),
                _ => Vec::new(),
            },
            container_instance_arns: instances
                .iter()
                .map(|id| arn::container_instance(place, &after.cluster, id))
                .collect(),
            reason: reason(problem, cause),
            cluster_arn: cluster_arn.clone(),
            created_at: iso(*at),
        };
        tell("ECS Service Action", *at, serde_json::to_string(&action));
    }
    // AWS: documented; what a user sets makes none, so that only daemons are left, whose instances decide.
    if after.is_daemon() && before.is_some_and(|before| before.desired != after.desired) {
        let action = Action {
            event_type: "INFO",
            event_name: "SERVICE_DESIRED_COUNT_UPDATED",
            cluster_arn: cluster_arn.clone(),
            created_at: iso(now),
            ..Action::default()
        };
        tell("ECS Service Action", now, serde_json::to_string(&action));
    }
    let was_steady = before.and_then(|before| before.steady_at);
    if let Some(at) = after.steady_at.filter(|at| was_steady != Some(*at)) {
        let action = Action {
            event_type: "INFO",
            event_name: "SERVICE_STEADY_STATE",
            cluster_arn: cluster_arn.clone(),
            created_at: iso(at),
            ..Action::default()
        };
        tell("ECS Service Action", at, serde_json::to_string(&action));
    }
    for set in &after.task_sets {
        let known = before.and_then(|before| before.task_sets.iter().find(|other| other.number == set.number));
        let was_steady = known.and_then(|known| known.steady_at);
        if let Some(at) = set.steady_at.filter(|at| was_steady != Some(*at)) {
            let action = Action {
                event_type: "INFO",
                event_name: "TASKSET_STEADY_STATE",
                cluster_arn: cluster_arn.clone(),
                task_set_arns: vec![task_set(&set.number)],
                created_at: iso(at),
                ..Action::default()
            };
            tell("ECS Service Action", at, serde_json::to_string(&action));
        }
    }
    told
}

/// What became of a deployment, if it is news.
fn moved(before: Option<&Service>, deployment: &Deployment) -> Option<(&'static str, &'static str)> {
    let known = before.and_then(|before| {
        let mut all = before.deployments.iter();
        all.find(|other| other.number == deployment.number)
    });
    let is_news = known.is_none_or(|known| known.rollout != deployment.rollout);
    match deployment.rollout {
        _ if !is_news => None,
        Rollout::InProgress => Some(("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS")),
        Rollout::Completed => Some(("INFO", "SERVICE_DEPLOYMENT_COMPLETED")),
        Rollout::Failed => Some(("ERROR", "SERVICE_DEPLOYMENT_FAILED")),
    }
}

/// Type and name of a problem's event, by the kind under which a service remembers that it was told.
fn named(kind: &str) -> Option<(&'static str, &'static str)> {
    match kind {
        UNPLACED => Some(("ERROR", "SERVICE_TASK_PLACEMENT_FAILURE")),
        // AWS: documented; a role that cannot be assumed is one cause.
        UNLAUNCHED => Some(("ERROR", "SERVICE_TASK_CONFIGURATION_FAILURE")),
        UNSUITED => Some(("ERROR", "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED")),
        other => match Problem::parse(other)? {
            Problem::Impaired => Some(("WARN", "SERVICE_TASK_START_IMPAIRED")),
            Problem::NoInstances => Some(("ERROR", "SERVICE_TASK_PLACEMENT_FAILURE")),
            Problem::NoRoom | Problem::Protected => None,
        },
    }
}

/// Why a problem is there.
fn reason(kind: &str, cause: Option<&Cause>) -> Option<String> {
    match cause {
        Some(cause) => Some(cause.reason.clone()).filter(|reason| !reason.is_empty()),
        None if kind == Problem::NoInstances.as_str() => Some(NO_INSTANCES.to_owned()),
        None => None,
    }
}

/// The capacity providers that the tasks of a service are placed through.
fn providers(place: Place, service: &Service) -> Vec<String> {
    match service.primary().map(|primary| &primary.settings.launch) {
        Some(Launch::Providers(strategy)) => strategy
            .iter()
            .map(|item| arn::capacity_provider(place, &item.0.capacity_provider))
            .collect(),
        _ => Vec::new(),
    }
}
