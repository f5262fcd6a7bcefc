//! What to do next for a task: decided from what was seen, without a store, a clock or an engine.

use std::time::Duration;

use roadstead_control::Next;
use roadstead_core::Timestamp;

use super::order::{Readiness, definition_of, depends_on, readiness};
use super::storage;
use crate::awslogs::PATIENCE;
use crate::launch::stop_timeout;
use crate::records::{ContainerRecord, ContainerStatus, InterfaceStatus, StopCode, Task, TaskDefinition, TaskStatus};

/// How long a stopped task stays on record.
pub const KEEP_STOPPED: Duration = Duration::from_secs(3600);
/// Why a task does not start whose pause container ended.
const NO_NETWORK: &str =
    "ResourceInitializationError: the network namespace of the task was lost: its pause container ended";
/// Why a task stops whose pause container ended.
const NETWORK_LOST: &str =
    "ContainerVanishedError: the network namespace of the task was lost: its pause container ended";
/// Why a task stops whose container ended that it cannot do without.
const ESSENTIAL_EXITED: &str = "Essential container in task exited";
/// How often a task is looked at when nothing calls for it.
const LOOK: Duration = Duration::from_secs(30);
/// How often a task is looked at with a container that waits for another.
const WAIT: Duration = Duration::from_secs(1);

/// One step; each may be repeated after a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Makes the network interface, through the service-linked role.
    CreateInterface,
    /// Starts the container that holds the task's network namespace.
    StartPause,
    /// Puts the interface into the task's network namespace.
    AttachInterface,
    /// The task reaches a status.
    Advance(TaskStatus),
    /// Fetches the image, makes and starts a container.
    Launch(String),
    /// Starts a container again that ended, as its restart policy says.
    Restart(String),
    /// Gives up a container that never ran and never will.
    GiveUp(String),
    /// Decides that the task ends by itself.
    End(StopCode, &'static str),
    /// Lets a change of the containers make a version of its own.
    Tell,
    /// Sends a container its stop signal.
    Signal(String),
    /// Ends a container that did not heed its stop signal.
    Kill(String),
    /// Removes the task's containers from the engine.
    RemoveContainers,
    /// Removes the volumes that go with the task, and the limits that its containers shared.
    GiveBack,
    /// Notes that the interface is being taken from the task.
    ReleaseInterface,
    /// Takes the interface from the task, and ends the network namespace.
    DetachInterface,
    /// Deletes the network interface, through the service-linked role.
    DeleteInterface,
    /// Forgets the task.
    Forget,
}

impl Step {
    /// Whether the engine makes or removes containers in it, which takes it long.
    pub fn is_engine_work(&self) -> bool {
        matches!(
            self,
            Self::StartPause | Self::Launch(_) | Self::Restart(_) | Self::RemoveContainers | Self::DetachInterface
        )
    }
}

/// What to do now, and when to look again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The next step; nothing is due without one.
    pub step: Option<Step>,
    /// When to look again if there is none.
    pub next: Next,
}

impl Plan {
    fn step(step: Step) -> Self {
        Self {
            step: Some(step),
            next: Next::In(Duration::ZERO),
        }
    }

    fn wait(next: Next) -> Self {
        Self { step: None, next }
    }
}

/// Plans the next step of a task.
pub fn plan(task: &Task, definition: &TaskDefinition, now: Timestamp) -> Plan {
    let plan = step(task, definition, now);
    let Some(left) = task.untold.map(|due| due.since(now)) else {
        return plan;
    };
    match (&plan.step, plan.next) {
        // AWS: recorded; the end of one container is told before the next one is asked to end.
        (None | Some(Step::Signal(_)), _) if left.is_zero() => Plan::step(Step::Tell),
        (None, Next::In(next)) => Plan::wait(Next::In(next.min(left))),
        (None, _) => Plan::wait(Next::In(left)),
        (Some(_), _) => plan,
    }
}

fn step(task: &Task, definition: &TaskDefinition, now: Timestamp) -> Plan {
    match task.status {
        TaskStatus::Stopped => {
            let age = now.since(task.stopped_at.unwrap_or(now));
            match KEEP_STOPPED.checked_sub(age).filter(|left| !left.is_zero()) {
                Some(left) => Plan::wait(Next::In(left)),
                None => Plan::step(Step::Forget),
            }
        }
        TaskStatus::Deprovisioning => deprovision(task, definition, now),
        _ if task.is_stopping() => stop(task, definition, now),
        _ if task.interface.as_ref().is_some_and(|interface| interface.wiring.lost) => {
            Plan::step(if task.started_at.is_none() {
                Step::End(StopCode::FailedToStart, NO_NETWORK)
            } else {
                Step::End(StopCode::EssentialExited, NETWORK_LOST)
            })
        }
        TaskStatus::Provisioning => provision(task),
        TaskStatus::Pending => start(task, definition, now),
        TaskStatus::Running => watch(task, definition, now),
    }
}

fn provision(task: &Task) -> Plan {
    // The interface exists, and its creation was allowed, before anything is done on the machine.
    Plan::step(match &task.interface {
        Some(interface) => match interface.status {
            InterfaceStatus::Precreated => Step::CreateInterface,
            InterfaceStatus::Created if interface.wiring.pause.is_none() => Step::StartPause,
            InterfaceStatus::Created => Step::AttachInterface,
            _ => Step::Advance(TaskStatus::Pending),
        },
        None => Step::Advance(TaskStatus::Pending),
    })
}

fn start(task: &Task, definition: &TaskDefinition, now: Timestamp) -> Plan {
    let ended = |c: &&ContainerRecord| c.essential && c.status == ContainerStatus::Stopped;
    let ran = |c: &ContainerRecord| c.status == ContainerStatus::Running || c.exit_code.is_some();
    let all_ran = task.containers.iter().all(|c| !c.essential || ran(c));
    if let Some(ended) = task.containers.iter().find(ended).filter(|_| !all_ran) {
        return Plan::step(if ended.exit_code.is_some() {
            Step::End(StopCode::EssentialExited, ESSENTIAL_EXITED)
        } else {
            Step::End(StopCode::FailedToStart, "Task failed to start")
        });
    }
    let (step, wait) = next_container(task, definition, now);
    if let Some(step) = step {
        return Plan::step(step);
    }
    // AWS: recorded; a task whose container ended at once ran all the same.
    if all_ran {
        return Plan::step(Step::Advance(TaskStatus::Running));
    }
    Plan::wait(Next::In(wait))
}

/// What is next for the containers that wait for their start, or to be started again; else, when to look again.
fn next_container(task: &Task, definition: &TaskDefinition, now: Timestamp) -> (Option<Step>, Duration) {
    let mut wait = LOOK;
    for container in &task.containers {
        if container.restart_due && container.status == ContainerStatus::Running {
            return (Some(Step::Restart(container.name.clone())), wait);
        }
        if container.status != ContainerStatus::Pending {
            continue;
        }
        let step = match readiness(task, definition, container, now) {
            Readiness::Ready => Step::Launch(container.name.clone()),
            Readiness::Waiting(left) => {
                wait = wait.min(left.unwrap_or(WAIT).min(WAIT));
                continue;
            }
            // AWS: recorded for a SUCCESS dependency that failed.
            Readiness::Never if container.essential => Step::End(StopCode::FailedToStart, "Task failed to start"),
            Readiness::Never => Step::GiveUp(container.name.clone()),
        };
        return (Some(step), wait);
    }
    (None, wait)
}

fn watch(task: &Task, definition: &TaskDefinition, now: Timestamp) -> Plan {
    if task
        .containers
        .iter()
        .any(|container| container.essential && container.status == ContainerStatus::Stopped)
    {
        return Plan::step(Step::End(StopCode::EssentialExited, ESSENTIAL_EXITED));
    }
    match next_container(task, definition, now) {
        (Some(step), _) => Plan::step(step),
        (None, wait) => Plan::wait(Next::In(wait)),
    }
}

/// Ends containers in the reverse order of their dependencies: who depends on another goes first.
fn stop(task: &Task, definition: &TaskDefinition, now: Timestamp) -> Plan {
    if task.all_containers_stopped() {
        return Plan::step(Step::Advance(TaskStatus::Deprovisioning));
    }
    if let Some(never_ran) = task
        .containers
        .iter()
        .find(|container| container.status == ContainerStatus::Pending)
    {
        return Plan::step(Step::GiveUp(never_ran.name.clone()));
    }
    let running = |container: &&ContainerRecord| container.status == ContainerStatus::Running;
    let mut soonest = LOOK;
    for container in task.containers.iter().filter(running) {
        let needed = task
            .containers
            .iter()
            .filter(running)
            .any(|other| depends_on(definition, &other.name, &container.name));
        let timeout = definition_of(definition, &container.name).map_or(crate::launch::STOP_TIMEOUT, stop_timeout);
        match container.signalled_at {
            None if needed => {}
            None => return Plan::step(Step::Signal(container.name.clone())),
            Some(at) => match timeout.checked_sub(now.since(at)).filter(|left| !left.is_zero()) {
                Some(left) => soonest = soonest.min(left),
                None => return Plan::step(Step::Kill(container.name.clone())),
            },
        }
    }
    Plan::wait(Next::In(soonest))
}

/// When more of the output of the containers that have ended must be delivered at the latest, if there is any left.
fn output_due(task: &Task) -> Option<Timestamp> {
    let due = |container: &ContainerRecord| {
        let log = container.log.as_ref().filter(|log| !log.drained)?;
        container.finished_at.max(log.delivered_at)
    };
    let due = task.containers.iter().filter_map(due).max();
    due.map(|last| last.plus(PATIENCE))
}

fn deprovision(task: &Task, definition: &TaskDefinition, now: Timestamp) -> Plan {
    if task.containers.iter().any(|container| container.engine_id.is_some()) {
        // The engine keeps output only as long as the container: what is not delivered yet has some time to be.
        return match output_due(task)
            .map(|due| due.since(now))
            .filter(|left| !left.is_zero())
        {
            Some(left) => Plan::wait(Next::In(left)),
            None => Plan::step(Step::RemoveContainers),
        };
    }
    if !task.gave_back && storage::has_any(task, definition) {
        return Plan::step(Step::GiveBack);
    }
    match task.interface.as_ref().map(|interface| interface.status) {
        Some(InterfaceStatus::Deleted) | None => Plan::step(Step::Advance(TaskStatus::Stopped)),
        // What was only planned may exist all the same, when a crash came between making it and noting it.
        Some(InterfaceStatus::Precreated | InterfaceStatus::Detached) => Plan::step(Step::DeleteInterface),
        Some(InterfaceStatus::Created | InterfaceStatus::Attached) => Plan::step(Step::ReleaseInterface),
        Some(InterfaceStatus::Detaching) => Plan::step(Step::DetachInterface),
    }
}
