//! What a plan means for a service's own record, and what is said about it in AWS's words.

use std::collections::BTreeMap;

use roadstead_core::Timestamp;

use super::service_plan::{Leaving, Problem, Step, Why};
use crate::records::{
    Deployment, DeploymentStatus, Progress, Rollback, Rollout, Service, ServiceDeployment, ServiceRevision,
    ServiceStatus,
};

/// What is noted of a service whose tasks are being moved between zones.
pub const BALANCING: &str = "balancing";

/// A service as a pass leaves it, and what is said about it.
pub struct Draft {
    /// The service.
    pub service: Service,
    /// The messages, the oldest first.
    pub said: Vec<String>,
    /// The service deployment of the primary deployment, where it ends.
    pub deployment: Option<ServiceDeployment>,
    /// The revision that the circuit breaker returns to.
    pub fallback: Option<ServiceRevision>,
    /// Whether no step changed anything.
    pub is_untouched: bool,
}

impl Draft {
    /// Notes what a step means for the service, and what is said about it.
    pub fn book(&mut self, step: &Step, now: Timestamp) {
        self.is_untouched &= matches!(step, Step::Start { .. } | Step::Rebalance { .. });
        let name = self.service.name.clone();
        match step {
            Step::Reap { failed, throttle, .. } => {
                if let Some(primary) = self.service.primary_mut().filter(|_| *failed > 0) {
                    primary.failed_tasks = primary.failed_tasks.saturating_add(*failed);
                    primary.updated_at = now;
                }
                self.service.throttle = throttle.or(self.service.throttle);
            }
            Step::Recover => {
                self.service.throttle = None;
                let resets = self.service.resets_on_healthy_task();
                if let Some(primary) = self.service.primary_mut().filter(|_| resets) {
                    primary.failed_tasks = 0;
                }
            }
            Step::Fail => self.fail(now),
            Step::Stop(leaving) => self.said.extend(said_stopped(&name, leaving)),
            Step::Start { .. } | Step::Rebalance { .. } => {}
            Step::Unbalanced(zones) => {
                self.service.told.insert(BALANCING.to_owned(), now);
                self.said.push(format!(
                    "service ({name}) is not AZ balanced with {}. AZ Rebalancing in progress.",
                    zone_list(zones, "")
                ));
            }
            Step::Balanced(zones) => {
                self.service.told.remove(BALANCING);
                self.said.push(format!(
                    "service ({name}) is AZ balanced with {}.",
                    zone_list(zones, " tasks")
                ));
            }
            Step::StopBalancing => {
                self.service.told.remove(BALANCING);
            }
            Step::Complete => self.complete(now),
            Step::Steady => {
                self.service.steady_at = Some(now);
                self.said.push(format!("(service {name}) has reached a steady state."));
            }
            Step::Unsettle => self.service.steady_at = None,
            Step::Tell(problem) => {
                self.service.told.insert(problem.as_str().to_owned(), now);
                let primary = self.service.deployments.first();
                let id = primary.map(Deployment::id).unwrap_or_default();
                self.said.push(problem.message(&name, &id));
            }
            Step::Resolve(problem) => {
                self.service.told.remove(problem.as_str());
            }
            Step::Deactivate => self.deactivate(now),
        }
    }

    fn complete(&mut self, now: Timestamp) {
        let Some(primary) = self.service.deployments.first_mut() else {
            return;
        };
        let was_in_progress = primary.is_in_progress();
        primary.complete();
        primary.updated_at = now;
        let (id, number) = (primary.id(), primary.number.clone());
        self.service.deployments.truncate(1);
        self.service.completed = Some(number);
        if was_in_progress {
            self.said.push(format!(
                "(service {}) (deployment {id}) deployment completed.",
                self.service.name
            ));
        }
        if let Some(deployment) = self
            .deployment
            .as_mut()
            .filter(|deployment| deployment.status.is_open())
        {
            let status = if deployment.status == Progress::RollingBack {
                Progress::RolledBack
            } else {
                Progress::Successful
            };
            if status == Progress::Successful {
                deployment.failures = (0, self.service.threshold());
            }
            deployment.end(status, None, now);
        }
    }

    /// The circuit breaker: the primary deployment is given up; where that was asked, the last one that completed
    /// leads again, with its tasks that still run.
    fn fail(&mut self, now: Timestamp) {
        let limit = self.service.threshold();
        let rolls_back = self.service.breaker().1;
        let name = self.service.name.clone();
        let Some(primary) = self.service.deployments.first_mut() else {
            return;
        };
        primary.rollout = Rollout::Failed;
        "ECS deployment circuit breaker: tasks failed to start.".clone_into(&mut primary.reason);
        primary.updated_at = now;
        let (id, number, failed, of) = (
            primary.id(),
            primary.number.clone(),
            primary.failed_tasks,
            primary.history.clone(),
        );
        let reason = primary.reason.clone();
        self.said.push(format!(
            "(service {name}) (deployment {id}) deployment failed: tasks failed to start."
        ));
        let fallback = self
            .fallback
            .take()
            .filter(|revision| rolls_back && revision.number != number);
        if let Some(deployment) = &mut self.deployment {
            deployment.failures = (failed, limit);
            match &fallback {
                Some(revision) => {
                    deployment.status = Progress::RollingBack;
                    deployment.reason = Some(reason.clone());
                    deployment.updated_at = now;
                    deployment.rollback = Some(Rollback {
                        reason,
                        at: now,
                        revision: revision.number.clone(),
                    });
                }
                None => deployment.end(Progress::Stopped, Some(reason), now),
            }
        }
        if let Some(revision) = fallback {
            let back_to = self.service.roll_back(revision, of, now);
            if let Some(primary) = self.service.primary_mut() {
                primary.reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {back_to}.");
            }
            self.said.push(said_rolling_back(&name, &back_to));
        }
    }

    fn deactivate(&mut self, now: Timestamp) {
        self.service.status = ServiceStatus::Inactive;
        self.service.ended_at = Some(now);
        self.service.throttle = None;
        self.service.told.clear();
        self.service.deployments.truncate(1);
        if let Some(primary) = self.service.primary_mut() {
            primary.status = DeploymentStatus::Primary;
            primary.complete();
        }
    }
}

impl Service {
    /// Makes the deployment of an earlier revision the wanted one again; its id.
    pub fn roll_back(&mut self, revision: ServiceRevision, service_deployment: String, now: Timestamp) -> String {
        let known = self
            .deployments
            .iter()
            .find(|deployment| deployment.number == revision.number)
            .cloned();
        let mut deployment = known
            .unwrap_or_else(|| Deployment::new(revision.number, service_deployment.clone(), revision.settings, now));
        deployment.status = DeploymentStatus::Primary;
        deployment.rollout = Rollout::InProgress;
        deployment.history = service_deployment;
        deployment.failed_tasks = 0;
        deployment.updated_at = now;
        let id = deployment.id();
        deployment.reason = format!("ECS deployment {id} in progress.");
        self.lead_with(deployment);
        id
    }
}

impl Problem {
    /// The kind, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoInstances => "no-instances",
            Self::NoRoom => "no-room",
            Self::Impaired => "impaired",
            Self::Protected => "protected",
        }
    }

    /// All kinds, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::NoInstances, Self::NoRoom, Self::Impaired, Self::Protected];

    /// Reads a stored kind.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|problem| problem.as_str() == text)
    }

    /// What is said about it.
    pub fn message(self, service: &str, task_set: &str) -> String {
        match self {
            // AWS: reported.
            Self::NoInstances => format!(
                "(service {service}) was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
            ),
            // AWS: documented.
            Self::NoRoom => format!(
                "(service {service}) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
            ),
            // AWS: reported.
            Self::Impaired => format!(
                "(service {service}) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section."
            ),
            // AWS: documented.
            Self::Protected => format!(
                "(service {service}) was unable to reach steady state because task set ({task_set}) was unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks."
            ),
        }
    }
}

// AWS: documented for three zones, always in the plural; the fullest zone first is reported.
fn zone_list(zones: &[(String, usize)], unit: &str) -> String {
    let one = |(at, (zone, count)): (usize, &(String, usize))| {
        let unit = if at == 0 { " tasks" } else { unit };
        format!("{count}{unit} in {zone}")
    };
    let listed: Vec<String> = zones.iter().enumerate().map(one).collect();
    match listed.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, [first])) => format!("{first} and {last}"),
        Some((last, others)) => format!("{}, and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// What is said when an earlier deployment is wanted again.
// AWS: reported.
pub fn said_rolling_back(service: &str, deployment: &str) -> String {
    format!("(service {service}) rolling back to deployment {deployment}.")
}

/// What is said of tasks that were started where there were too few.
// AWS: documented.
pub fn said_moved(service: &str, zone: &str, started: &[&str]) -> String {
    format!(
        "{service} has started {} tasks in {zone} to AZ Rebalance: {}.",
        started.len(),
        started.join(", ")
    )
}

fn task_list<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    ids.map(|id| format!("(task {id})")).collect::<Vec<_>>().join(" ")
}

// AWS: recorded; of tasks that never ran only the number is told.
pub fn said_stopped(service: &str, leaving: &[Leaving]) -> Vec<String> {
    let sick = leaving.iter().filter(|task| task.why == Why::Unhealthy);
    let mut said: Vec<String> = sick
        .map(|task| format!("(service {service}) (task {}) failed container health checks.", task.id))
        .collect();
    let mut moved: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for task in leaving.iter().filter(|task| task.runs && task.why == Why::Balancing) {
        moved.entry(&task.zone).or_default().push(&task.id);
    }
    for (zone, tasks) in moved {
        said.push(format!(
            "{service} has stopped {} running tasks in {zone} due to AZ rebalancing: {}.",
            tasks.len(),
            tasks.join(", ")
        ));
    }
    let leaving: Vec<&Leaving> = leaving
        .iter()
        .filter(|task| !(task.runs && task.why == Why::Balancing))
        .collect();
    let running: Vec<&str> = leaving
        .iter()
        .filter(|task| task.runs)
        .map(|task| task.id.as_str())
        .collect();
    let pending = leaving.len() - running.len();
    if !running.is_empty() {
        let list = task_list(running.iter().copied());
        said.push(format!(
            "(service {service}) has stopped {} running tasks: {list}.",
            running.len()
        ));
    }
    if pending > 0 {
        said.push(format!("(service {service}) stopped {pending} pending tasks."));
    }
    said
}

// AWS: recorded; the words about unhealthy tasks are reported.
pub fn said_started(service: &str, started: &[String], replaced: usize) -> String {
    let list = task_list(started.iter().map(String::as_str));
    let because = match replaced {
        0 => String::new(),
        replaced => format!(" Amazon ECS replaced {replaced} tasks due to an unhealthy status."),
    };
    format!(
        "(service {service}) has started {} tasks: {list}.{because}",
        started.len()
    )
}
