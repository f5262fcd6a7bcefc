//! Services: how their new tasks are made.

use std::collections::BTreeMap;

use roadstead_core::{Tags, Timestamp};
use roadstead_kernel::{Fault, Result};
use roadstead_store::{Txn, Versioned};

use super::service_books::{said_moved, said_started};
use super::service_plan::{Plan, REPEAT, Seen, Step, TaskState};
use super::spread::Spread;
use super::strategy::choose_provider;
use super::{ServiceControl, ServiceKey};
use crate::records::{Cause, Launch, Member, Service, Settings, Task, TaskDefinition};
use crate::run::revision_key;
use crate::scope_of;
use crate::start::{self, Start};
use crate::task_roles;

/// Tasks of one transaction: each takes two operations, of which a store accepts 128.
pub(super) const BATCH: usize = 50;
/// What is noted of a service whose tasks cannot get their role.
pub const UNLAUNCHED: &str = "unlaunched";

impl ServiceControl {
    /// Tasks that cannot get their role are not made; that is said, and tried again later.
    async fn hold_back(
        &self,
        key: &ServiceKey,
        found: Versioned<Service>,
        number: &str,
        count: usize,
        role: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let (scope, id) = (scope_of(key.place), [key.cluster.as_str(), key.service.as_str()]);
        let mut service = found.record;
        service.hold_back(number, u32::try_from(count).unwrap_or(u32::MAX), now);
        let mut txn = Txn::new();
        let said = service.told.get(UNLAUNCHED).is_some_and(|at| now.since(*at) < REPEAT);
        if !said {
            service.told.insert(UNLAUNCHED.to_owned(), now);
            let reason = task_roles::unable_to_assume(role);
            // AWS: reported.
            let message = format!(
                "(service {}) failed to launch a task with (error {reason}).",
                service.subject(number),
            );
            let cause = Cause {
                reason,
                instances: Vec::new(),
            };
            service.causes.insert(UNLAUNCHED.to_owned(), cause);
            self.stage_events(&mut txn, key, vec![message], now).await?;
        }
        self.tables
            .services
            .stage_replace(&mut txn, scope.of(), &id, found.revision, &service)?;
        self.tasks.store().commit(txn).await?;
        Ok(false)
    }

    /// Starts tasks of the primary deployment or of a task set, in batches; whether any was started.
    ///
    /// Each batch holds only as long as the service is as it was seen: else the look is repeated.
    pub(super) async fn start(
        &self,
        key: &ServiceKey,
        mut found: Versioned<Service>,
        seen: &Seen,
        starting: Starting,
        now: Timestamp,
    ) -> Result<bool> {
        let Some(settings) = found.record.startable(&seen.primary).cloned() else {
            return Ok(false);
        };
        let definition = self.definition(key, &settings).await?;
        let role = |arn: &Option<String>| arn.clone().filter(|arn| !arn.is_empty());
        let roles = [
            role(&definition.document.0.task_role_arn),
            role(&definition.document.0.execution_role_arn),
        ];
        if let Some(role) = task_roles::first_unassumable(&self.kernel, key.place, roles.iter().flatten()).await? {
            return self
                .hold_back(key, found, &seen.primary, starting.count, role, now)
                .await;
        }
        if let Some(kind) = super::instances::kind(&settings.launch) {
            let asked = (starting, &settings, &definition, kind);
            return Box::pin(self.start_on_instances(key, found, seen, asked, now)).await;
        }
        let Some(vpc) = settings
            .network
            .as_ref()
            .and_then(|network| network.0.awsvpc_configuration.clone())
        else {
            return Err(Fault::internal("a service whose tasks have no network"));
        };
        let (service, by) = (found.record.clone(), format!("ecs-svc/{}", seen.primary));
        let subject = service.subject(&seen.primary);
        let start = start_of(&service, &definition, by);
        let mut spread = Spread::new(&settings.subnets, &seen.tasks);
        let mut providers: BTreeMap<String, usize> = BTreeMap::new();
        for task in seen
            .tasks
            .iter()
            .filter(|task| !matches!(task.state, TaskState::Ended(_)))
        {
            *providers.entry(task.provider.clone().unwrap_or_default()).or_default() += 1;
        }
        let strategy = settings.launch.strategy().unwrap_or_default();
        let (mut left, mut replaced) = (starting.count, starting.replaced);
        while left > 0 {
            let size = left.min(BATCH);
            let mut tasks = Vec::with_capacity(size);
            for _ in 0..size {
                let Some((subnet, zone)) = spread.next() else {
                    return Ok(false);
                };
                let provider = match &settings.launch {
                    Launch::Providers(_) => choose_provider(&strategy, &mut providers),
                    _ => None,
                };
                let interface = start::interface(self.kernel.ids(), &vpc, subnet, zone);
                let task = start.task(self.kernel.ids(), now, provider, interface);
                tasks.push((task, zone.to_owned()));
            }
            let said = |started: &[(&str, &str)]| starting.said(&subject, started, replaced.min(size));
            found = self.store_started(key, found, &seen.primary, &tasks, said, now).await?;
            replaced = replaced.saturating_sub(size);
            left -= size;
        }
        Ok(true)
    }

    /// Stores new tasks of a deployment or task set, each with its zone, what is said of them, and that they are the service's;
    /// then they are looked at.
    ///
    /// That holds only where the service is as it was found: else nothing is stored.
    pub(super) async fn store_started(
        &self,
        key: &ServiceKey,
        found: Versioned<Service>,
        number: &str,
        tasks: &[(Task, String)],
        said: impl FnOnce(&[(&str, &str)]) -> Vec<String>,
        now: Timestamp,
    ) -> Result<Versioned<Service>> {
        let (scope, id) = (scope_of(key.place), [key.cluster.as_str(), key.service.as_str()]);
        let mut txn = Txn::new();
        for (task, _) in tasks {
            self.tasks
                .stage_new(&mut txn, scope.of(), &[&key.cluster, &task.id], task)?;
            let member = [key.cluster.as_str(), key.service.as_str(), task.id.as_str()];
            self.tables
                .members
                .stage_new(&mut txn, scope.of(), &member, &Member {})?;
        }
        let mut service = found.record.clone();
        service.told.remove(UNLAUNCHED);
        service.note_started(number, u32::try_from(tasks.len()).unwrap_or(u32::MAX), now);
        self.tables
            .services
            .stage_replace(&mut txn, scope.of(), &id, found.revision, &service)?;
        let started: Vec<(&str, &str)> = tasks
            .iter()
            .map(|(task, zone)| (task.id.as_str(), zone.as_str()))
            .collect();
        self.stage_events(&mut txn, key, said(&started), now).await?;
        let revision = self.tasks.store().commit(txn).await?;
        for (task, _) in tasks {
            self.look_at(key, task.id.clone());
        }
        Ok(Versioned {
            record: service,
            revision,
            ..found
        })
    }

    /// The definition of a deployment's tasks.
    pub(super) async fn definition(&self, key: &ServiceKey, settings: &Settings) -> Result<TaskDefinition> {
        let (scope, revision) = (scope_of(key.place), revision_key(settings.revision));
        let found = self.definitions.get(scope.of(), &[&settings.family, &revision]).await?;
        found
            .map(|found| found.record)
            .ok_or_else(|| Fault::internal("the service's task definition is gone"))
    }
}

/// Tasks that are to be started.
#[derive(Clone, Copy)]
pub(super) struct Starting {
    count: usize,
    /// How many of them for unhealthy ones.
    replaced: usize,
    /// Whether others will leave for them, in zones that have too many.
    moves: bool,
}

impl Starting {
    /// How many.
    pub(super) fn count(self) -> usize {
        self.count
    }

    /// How many of them for unhealthy ones.
    pub(super) fn replaced(self) -> usize {
        self.replaced
    }

    /// What is said of the tasks that were started, each with its zone.
    pub(super) fn said(self, subject: &str, started: &[(&str, &str)], replaced: usize) -> Vec<String> {
        if !self.moves {
            let ids: Vec<String> = started.iter().map(|(id, _)| (*id).to_owned()).collect();
            return vec![said_started(subject, &ids, replaced)];
        }
        let mut by_zone: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, zone) in started {
            by_zone.entry(zone).or_default().push(id);
        }
        let one = |(zone, tasks): (&str, Vec<&str>)| said_moved(subject, zone, &tasks);
        by_zone.into_iter().map(one).collect()
    }
}

/// What is the same for all tasks that a service starts.
pub(super) fn start_of<'a>(service: &'a Service, definition: &'a TaskDefinition, started_by: String) -> Start<'a> {
    let given = &service.document.0;
    let managed_tags = given.enable_ecs_managed_tags.unwrap_or(false);
    let mut tags = match &given.propagate_tags {
        Some(api_ecs::PropagateTags::TaskDefinition) => definition.tags.clone(),
        Some(api_ecs::PropagateTags::Service) => service.tags.clone(),
        _ => Tags::new(),
    };
    if managed_tags {
        tags.set("aws:ecs:clusterName", service.cluster.clone());
        tags.set("aws:ecs:serviceName", service.name.clone());
    }
    Start {
        cluster: &service.cluster,
        definition,
        group: service.group(),
        started_by: Some(started_by),
        overrides: api_ecs::TaskOverride::default(),
        managed_tags,
        exec: given.enable_execute_command.unwrap_or(false),
        tags,
    }
}

impl Plan {
    /// What to start.
    pub(super) fn starting(&self) -> Option<Starting> {
        self.steps.iter().find_map(|step| match step {
            Step::Start { count, replaced } => Some(Starting {
                count: *count,
                replaced: *replaced,
                moves: false,
            }),
            Step::Rebalance { count } => Some(Starting {
                count: *count,
                replaced: 0,
                moves: true,
            }),
            _ => None,
        })
    }
}
