//! In which order the containers of a task start and end, and when one of them is started again.

use std::time::Duration;

use api_ecs::{ContainerCondition, ContainerDefinition};
use roadstead_core::Timestamp;

use crate::records::{ContainerRecord, ContainerStatus, Task, TaskDefinition};

/// How long a container must have run before it is started again, without a `restartAttemptPeriod` of its own.
const RESTART_PERIOD: Duration = Duration::from_secs(300);

/// Whether a container may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// Now.
    Ready,
    /// Not yet; looking again is due at the latest then, where a time-out runs.
    Waiting(Option<Duration>),
    /// Never: what it waits for can no longer come.
    Never,
}

/// What one container needs of another before it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Made,
    Runs,
    Started,
    Ended,
    Succeeded,
    Healthy,
}

/// Whether a container of a task may start.
pub(super) fn readiness(
    task: &Task,
    definition: &TaskDefinition,
    container: &ContainerRecord,
    now: Timestamp,
) -> Readiness {
    let mut readiness = Readiness::Ready;
    for (name, need) in definition_of(definition, &container.name).into_iter().flat_map(needs) {
        let Some(other) = task.containers.iter().find(|other| other.name == name) else {
            return Readiness::Never;
        };
        if is_met(need, other) {
            continue;
        }
        if other.status == ContainerStatus::Stopped {
            return Readiness::Never;
        }
        // AWS: the `startTimeout` is that of the container that is waited for, and runs from its start.
        let limit = definition_of(definition, name)
            .and_then(|other| other.start_timeout)
            .and_then(|secs| u64::try_from(secs).ok())
            .filter(|_| matches!(need, Need::Ended | Need::Succeeded | Need::Healthy));
        let left = limit
            .zip(other.started_at)
            .map(|(limit, at)| Duration::from_secs(limit).saturating_sub(now.since(at)));
        if left.is_some_and(|left| left.is_zero()) {
            return Readiness::Never;
        }
        readiness = match (readiness, left) {
            (Readiness::Waiting(Some(one)), Some(other)) => Readiness::Waiting(Some(one.min(other))),
            (Readiness::Waiting(Some(one)), None) => Readiness::Waiting(Some(one)),
            (_, left) => Readiness::Waiting(left),
        };
    }
    readiness
}

fn is_met(need: Need, other: &ContainerRecord) -> bool {
    let running = other.status == ContainerStatus::Running;
    let stopped = other.status == ContainerStatus::Stopped;
    match need {
        Need::Made => other.engine_id.is_some(),
        Need::Runs => running,
        Need::Started => running || other.exit_code.is_some(),
        Need::Ended => stopped && other.exit_code.is_some(),
        Need::Succeeded => stopped && other.exit_code == Some(0),
        Need::Healthy => running && other.healthy == Some(true),
    }
}

/// The containers that a container needs: those it depends on, those it is linked to, those whose mounts it takes over.
// AWS: the agent turns links and volumes of others into dependencies of the kinds START and "created".
fn needs(container: &ContainerDefinition) -> impl Iterator<Item = (&str, Need)> {
    let depends = container.depends_on.iter().flatten().map(|dependency| {
        let need = match dependency.condition {
            ContainerCondition::Complete => Need::Ended,
            ContainerCondition::Success => Need::Succeeded,
            ContainerCondition::Healthy => Need::Healthy,
            _ => Need::Started,
        };
        (dependency.container_name.as_str(), need)
    });
    let links = container.links.iter().flatten().map(|link| {
        let name = link.split_once(':').map_or(link.as_str(), |(name, _)| name);
        (name, Need::Runs)
    });
    let mounts = container
        .volumes_from
        .iter()
        .flatten()
        .filter_map(|from| Some((from.source_container.as_deref()?, Need::Made)));
    depends.chain(links).chain(mounts)
}

/// The names of the containers that a container needs before it starts.
pub(crate) fn needed_by(container: &ContainerDefinition) -> impl Iterator<Item = &str> {
    needs(container).map(|(name, _)| name)
}

/// Whether a container needs another, which therefore ends after it.
pub(super) fn depends_on(definition: &TaskDefinition, container: &str, other: &str) -> bool {
    definition_of(definition, container).is_some_and(|container| needed_by(container).any(|name| name == other))
}

/// A container of a definition.
pub(super) fn definition_of<'a>(definition: &'a TaskDefinition, name: &str) -> Option<&'a ContainerDefinition> {
    definition
        .containers()
        .iter()
        .find(|container| container.name.as_deref() == Some(name))
}

/// Whether a container that ended is started again.
// AWS: it must have run for the period since its start, or since it was last started again.
pub(super) fn restarts(definition: &TaskDefinition, container: &ContainerRecord, code: i32, ended: Timestamp) -> bool {
    let policy = definition_of(definition, &container.name).and_then(|found| found.restart_policy.as_ref());
    let Some(policy) = policy.filter(|policy| policy.enabled) else {
        return false;
    };
    let ignored = policy
        .ignored_exit_codes
        .iter()
        .flatten()
        .any(|ignored| *ignored == code);
    let period = policy
        .restart_attempt_period
        .and_then(|secs| u64::try_from(secs).ok())
        .map_or(RESTART_PERIOD, Duration::from_secs);
    !ignored
        && container
            .started_at
            .is_some_and(|started| ended.since(started) >= period)
}
