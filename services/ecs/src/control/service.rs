//! Services: looks at the record and its tasks, plans, and takes the steps.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api_ecs::AvailabilityZoneRebalancing;
use roadstead_control::{Controller, Next, Reconciler};
use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_kernel::{Fault, Kernel, Result, places};
use roadstead_store::{Op, StoreError, Table, Txn, Versioned};

use super::pace::Pace;
use super::service_books::{BALANCING, Draft};
use super::service_plan::{
    End, Leaving, Plan, Problem, Seen, SeenTask, Step, TaskHealth, TaskState, Why, bounds, plan,
};
use super::{TaskControl, TaskKey};
use crate::fleet::Fleet;
use crate::records::{
    Deployment, Member, Service, ServiceDeployment, ServiceEvents, ServiceRevision, ServiceStatus, StopCode, Task,
    TaskDefinition, TaskStatus,
};
use crate::scope_of;

/// Names a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceKey {
    /// Account and region.
    pub place: Place,
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
}

/// How long a deleted service can still be described.
const KEEP_INACTIVE: Duration = Duration::from_secs(24 * 3600);
/// How often a commit is tried when calls change the service at the same time.
pub(super) const TRIES: usize = 16;
/// Why tasks stop that failed their health checks; also tells later how they ended.
const SICK: &str = "Task failed container health checks";

/// The tables that services are kept in.
#[derive(Clone)]
pub struct ServiceTables {
    /// Services by cluster and name.
    pub services: Table<Service>,
    /// Their messages.
    pub events: Table<ServiceEvents>,
    /// Their revisions.
    pub revisions: Table<ServiceRevision>,
    /// Their deployments.
    pub deployments: Table<ServiceDeployment>,
    /// Their tasks that are not off the books.
    pub members: Table<Member>,
}

/// Keeps services as they shall be.
pub struct ServiceControl {
    pub(super) kernel: Arc<Kernel>,
    pub(super) tables: ServiceTables,
    pub(super) tasks: Table<Task>,
    pub(super) definitions: Table<TaskDefinition>,
    control: Arc<Controller<TaskControl>>,
    pace: Mutex<Pace>,
    /// How many tasks the services had when they were last looked at.
    sizes: Mutex<HashMap<ServiceKey, u32>>,
    pub(super) fleet: Arc<Fleet>,
}

impl ServiceControl {
    /// Works on the services of a store and tells `control` which tasks were started or are to stop.
    pub fn new(
        kernel: Arc<Kernel>,
        tables: ServiceTables,
        tasks: Table<Task>,
        definitions: Table<TaskDefinition>,
        control: Arc<Controller<TaskControl>>,
        fleet: Arc<Fleet>,
        pace: Pace,
    ) -> Self {
        Self {
            kernel,
            tables,
            tasks,
            definitions,
            control,
            pace: Mutex::new(pace),
            sizes: Mutex::default(),
            fleet,
        }
    }

    /// Changes how patient it is; before it is started.
    pub fn set_pace(&self, pace: Pace) {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner) = pace;
    }

    /// How patient it is.
    pub(super) fn pace(&self) -> Pace {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long after a task's change its service is looked at.
    pub fn gather(&self, key: &ServiceKey) -> Duration {
        let size = self.sizes().get(key).copied().unwrap_or_default();
        self.pace().gather_for(size)
    }

    fn sizes(&self) -> MutexGuard<'_, HashMap<ServiceKey, u32>> {
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The services of all places; looked at once after a start.
    pub async fn all(&self) -> Result<Vec<ServiceKey>> {
        let mut keys = Vec::new();
        for place in places(&**self.tasks.store()).await? {
            for found in self.tables.services.list_all(scope_of(place).of()).await? {
                keys.push(ServiceKey {
                    place,
                    cluster: found.record.cluster,
                    service: found.record.name,
                });
            }
        }
        Ok(keys)
    }
}

impl Reconciler for ServiceControl {
    type Key = ServiceKey;

    fn name(&self) -> &'static str {
        "ecs/service"
    }

    async fn reconcile(&self, key: &ServiceKey) -> Result<Next> {
        let scope = scope_of(key.place);
        let id = [key.cluster.as_str(), key.service.as_str()];
        let Some(found) = self.tables.services.get(scope.of(), &id).await? else {
            return Ok(Next::Forget);
        };
        if found.record.status == ServiceStatus::Inactive {
            return self.keep_or_forget(key, &found).await;
        }
        if found.record.is_external() {
            return Box::pin(self.reconcile_sets(key, found)).await;
        }
        let members = self
            .tables
            .members
            .list(scope.of(), &id, None, usize::MAX)
            .await?
            .records;
        self.sizes()
            .insert(key.clone(), u32::try_from(members.len()).unwrap_or(u32::MAX));
        let mut tasks = self.observe(key, &found.record, members).await?;
        let found = Box::pin(self.follow_instances(key, found, &mut tasks)).await?;
        let Some(primary) = found.record.primary() else {
            return Err(Fault::internal("a service without a deployment"));
        };
        let now = self.kernel.clock().now();
        let mut seen = self.seen(&found.record, primary, tasks);
        seen.placeable = self.has_place(key, &primary.settings).await?;
        let plan = plan(&seen, now);
        let counts = Counts::of(&seen, &plan);
        self.stop(key, &plan, now).await?;
        let booked = self.book(key, found, &plan, &counts, now).await?;
        let booked = Box::pin(self.note_images(key, booked, &seen, now)).await?;
        let started = match plan.starting() {
            Some(starting) => Box::pin(self.start(key, booked, &seen, starting, now)).await?,
            None => false,
        };
        Ok(if plan.starting().is_some() && !started {
            // Nothing came of it: the service says now how long to wait.
            Next::In(Duration::ZERO)
        } else if started && plan.next == Next::WhenChanged {
            Next::In(Duration::from_secs(30))
        } else {
            plan.next
        })
    }
}

/// Tasks of a deployment that are starting, and that run.
#[derive(Default)]
pub(super) struct Counts(BTreeMap<String, (u32, u32)>);

impl Counts {
    /// Counts what is left after the plan's stops; a task that shall stop no longer counts.
    pub(super) fn of(seen: &Seen, plan: &Plan) -> Self {
        let mut counts = Self::default();
        let leaving = plan.steps.iter().filter_map(|step| match step {
            Step::Stop(leaving) => Some(leaving),
            _ => None,
        });
        let leaving: std::collections::HashSet<&str> = leaving.flatten().map(|task| task.id.as_str()).collect();
        for task in seen.tasks.iter().filter(|task| !leaving.contains(task.id.as_str())) {
            match task.state {
                TaskState::Pending => counts.0.entry(task.deployment.clone()).or_default().0 += 1,
                TaskState::Running(..) => counts.0.entry(task.deployment.clone()).or_default().1 += 1,
                TaskState::Stopping(_) | TaskState::Ended(_) => {}
            }
        }
        counts
    }

    /// Those of one deployment or task set.
    pub(super) fn of_deployment(&self, number: &str) -> (u32, u32) {
        self.0.get(number).copied().unwrap_or_default()
    }

    /// Writes the counts into a service; whether something changed.
    fn write(&self, service: &mut Service, now: Timestamp) -> bool {
        let mut changed = false;
        let desired = if service.status == ServiceStatus::Active {
            service.desired
        } else {
            0
        };
        for (at, deployment) in service.deployments.iter_mut().enumerate() {
            let (pending, running) = self.of_deployment(&deployment.number);
            let wanted = if at == 0 { desired } else { pending + running };
            if (deployment.desired, deployment.pending, deployment.running) != (wanted, pending, running) {
                (deployment.desired, deployment.pending, deployment.running) = (wanted, pending, running);
                deployment.updated_at = now;
                changed = true;
            }
        }
        changed
    }
}

impl ServiceControl {
    async fn keep_or_forget(&self, key: &ServiceKey, found: &Versioned<Service>) -> Result<Next> {
        let now = self.kernel.clock().now();
        let age = now.since(found.record.ended_at.unwrap_or(now));
        if let Some(left) = KEEP_INACTIVE.checked_sub(age).filter(|left| !left.is_zero()) {
            return Ok(Next::In(left));
        }
        let (scope, id) = (scope_of(key.place), [key.cluster.as_str(), key.service.as_str()]);
        self.tables.services.delete(scope.of(), &id, found.revision).await?;
        self.sizes().remove(key);
        Ok(Next::Forget)
    }

    /// The service's tasks as the plan sees them.
    pub(super) async fn observe(
        &self,
        key: &ServiceKey,
        service: &Service,
        members: Vec<Versioned<Member>>,
    ) -> Result<Vec<SeenTask>> {
        let scope = scope_of(key.place);
        let mut seen = Vec::with_capacity(members.len());
        for member in members {
            let Some(id) = Table::<Member>::parse_key(&member.key).and_then(|parts| parts.id.into_iter().next_back())
            else {
                continue;
            };
            let found = self.tasks.get(scope.of(), &[&key.cluster, &id]).await?;
            seen.push(match found {
                Some(found) => self.see(service, found.record),
                None => SeenTask {
                    id,
                    deployment: String::new(),
                    zone: String::new(),
                    provider: None,
                    instance: None,
                    evicted: false,
                    protected_until: None,
                    state: TaskState::Ended(End::Fine),
                },
            });
        }
        Ok(seen)
    }

    fn see(&self, service: &Service, task: Task) -> SeenTask {
        let number = task
            .started_by
            .as_deref()
            .and_then(|by| by.strip_prefix("ecs-svc/"))
            .unwrap_or_default()
            .to_owned();
        let checked = service.settings_of(&number).is_some_and(|settings| settings.checked);
        let state = match task.status {
            TaskStatus::Stopped => TaskState::Ended(self.end(&task)),
            TaskStatus::Deprovisioning => TaskState::Stopping(self.end(&task)),
            _ if task.is_stopping() => TaskState::Stopping(self.end(&task)),
            TaskStatus::Provisioning | TaskStatus::Pending => TaskState::Pending,
            TaskStatus::Running => {
                let health = if checked { health(&task) } else { TaskHealth::Unchecked };
                TaskState::Running(task.started_at.unwrap_or(task.created_at), health)
            }
        };
        SeenTask {
            zone: task.zone().unwrap_or_default().to_owned(),
            instance: task.host.map(|host| host.instance),
            evicted: false,
            id: task.id,
            deployment: number,
            provider: task.capacity_provider,
            protected_until: task.protected_until,
            state,
        }
    }

    fn end(&self, task: &Task) -> End {
        match (task.stop.as_ref().or(task.ending.as_ref()), task.started_at) {
            (Some((StopCode::Scheduler, why)), _) if why == SICK => End::Sick,
            (Some((StopCode::Scheduler | StopCode::User, _)), _) => End::Fine,
            (_, None) => End::NeverRan,
            (_, Some(started)) => {
                let ended = task.ended_at().unwrap_or(started);
                if ended.since(started) < self.pace().ran_after {
                    End::Crashed
                } else {
                    End::Fine
                }
            }
        }
    }

    fn seen(&self, service: &Service, primary: &Deployment, tasks: Vec<SeenTask>) -> Seen {
        let draining = service.status != ServiceStatus::Active;
        let desired = if draining { 0 } else { service.desired };
        let (minimum, maximum) = bounds(desired, service.percents());
        let given = &service.document.0;
        let grace = given
            .health_check_grace_period_seconds
            .and_then(|secs| u64::try_from(secs).ok())
            .unwrap_or(0);
        let told = service
            .told
            .iter()
            .filter_map(|(kind, at)| Some((Problem::parse(kind)?, *at)));
        Seen {
            desired: usize::try_from(desired).unwrap_or(usize::MAX),
            minimum,
            maximum,
            draining,
            primary: primary.number.clone(),
            rollout: primary.rollout,
            failed: primary.failed_tasks,
            threshold: service.breaker().0.then(|| service.threshold()),
            resets: service.resets_on_healthy_task(),
            has_others: service.deployments.len() > 1,
            throttle: service.throttle,
            steady_at: service.steady_at,
            told: told.collect(),
            zones: zones(service, primary),
            balancing: service.told.contains_key(BALANCING),
            placeable: primary.settings.launch.is_fargate(),
            healthy_after: self.pace().healthy_after,
            grace: Duration::from_secs(grace),
            tasks,
        }
    }

    /// Decides that tasks stop; before anything is said about it, so that a crash in between says nothing untrue.
    pub(super) async fn stop(&self, key: &ServiceKey, plan: &Plan, now: Timestamp) -> Result<()> {
        let scope = scope_of(key.place);
        for task in plan.leaving() {
            let reason = match task.why {
                Why::Scaling | Why::Balancing => {
                    format!("Scaling activity initiated by (deployment ecs-svc/{})", task.deployment)
                }
                Why::Unhealthy => SICK.to_owned(),
            };
            let stop = |task: &mut Task| {
                task.stop(StopCode::Scheduler, reason.clone(), now);
                Ok::<_, StoreError>(())
            };
            self.tasks.update(scope.of(), &[&key.cluster, &task.id], stop).await?;
            self.look_at(key, task.id.clone());
        }
        Ok(())
    }

    pub(super) fn look_at(&self, key: &ServiceKey, task: String) {
        self.control.enqueue(TaskKey {
            place: key.place,
            cluster: key.cluster.clone(),
            task,
        });
    }

    /// Writes down what the plan means for the service itself, and what is to be said about it.
    async fn book(
        &self,
        key: &ServiceKey,
        mut found: Versioned<Service>,
        plan: &Plan,
        counts: &Counts,
        now: Timestamp,
    ) -> Result<Versioned<Service>> {
        let scope = scope_of(key.place);
        for _ in 0..TRIES {
            let mut draft = self.draft(key, &found.record, plan).await?;
            for step in &plan.steps {
                draft.book(step, now);
            }
            let counted = counts.write(&mut draft.service, now);
            if draft.is_untouched && !counted {
                return Ok(found);
            }
            let mut txn = Txn::new();
            if draft.service.status == ServiceStatus::Inactive {
                // AWS: recorded; a service that is gone has no messages, and its revisions cannot be read.
                stage_forget_history(&mut txn, key);
                draft.deployment = None;
            } else if !draft.said.is_empty() {
                self.stage_events(&mut txn, key, std::mem::take(&mut draft.said), now)
                    .await?;
            }
            if let Some(deployment) = &draft.deployment {
                let id = [key.cluster.as_str(), key.service.as_str(), deployment.id.as_str()];
                self.tables
                    .deployments
                    .stage_put(&mut txn, scope.of(), &id, deployment)?;
            }
            match self.write(key, txn, found, draft.service, plan.reaped()).await? {
                ControlFlow::Break(written) => return Ok(written),
                ControlFlow::Continue(now) => found = now,
            }
        }
        Err(Fault::internal("the service changes too often to be worked on"))
    }

    /// Writes a service and takes ended tasks off its books, with what else the transaction holds; the service as it was
    /// written, or as it is where it changed meanwhile.
    pub(super) async fn write(
        &self,
        key: &ServiceKey,
        mut txn: Txn,
        found: Versioned<Service>,
        service: Service,
        reaped: impl Iterator<Item = &String>,
    ) -> Result<ControlFlow<Versioned<Service>, Versioned<Service>>> {
        let (scope, id) = (scope_of(key.place), [key.cluster.as_str(), key.service.as_str()]);
        self.tables
            .services
            .stage_replace(&mut txn, scope.of(), &id, found.revision, &service)?;
        for task in reaped {
            let id = [key.cluster.as_str(), key.service.as_str(), task.as_str()];
            txn.push(Op::Delete {
                key: Table::<Member>::key(scope.of(), &id),
            });
        }
        match self.tasks.store().commit(txn).await {
            Ok(revision) => Ok(ControlFlow::Break(Versioned {
                record: service,
                revision,
                ..found
            })),
            Err(StoreError::Conflict { .. }) => match self.tables.services.get(scope.of(), &id).await? {
                Some(now) => Ok(ControlFlow::Continue(now)),
                None => Err(Fault::internal("the service was removed while it was worked on")),
            },
            Err(error) => Err(error.into()),
        }
    }

    async fn draft(&self, key: &ServiceKey, service: &Service, plan: &Plan) -> Result<Draft> {
        let scope = scope_of(key.place);
        let mut draft = Draft {
            service: service.clone(),
            said: Vec::new(),
            deployment: None,
            fallback: None,
            is_untouched: true,
        };
        let ends = plan
            .steps
            .iter()
            .any(|step| matches!(step, Step::Complete | Step::Fail));
        if let Some(primary) = service.primary().filter(|_| ends) {
            let id = [key.cluster.as_str(), key.service.as_str(), primary.history.as_str()];
            draft.deployment = self
                .tables
                .deployments
                .get(scope.of(), &id)
                .await?
                .map(|found| found.record);
        }
        if let Some(number) = service.completed.as_ref().filter(|_| plan.steps.contains(&Step::Fail)) {
            let id = [key.cluster.as_str(), key.service.as_str(), number.as_str()];
            draft.fallback = self
                .tables
                .revisions
                .get(scope.of(), &id)
                .await?
                .map(|found| found.record);
        }
        Ok(draft)
    }

    pub(super) async fn stage_events(
        &self,
        txn: &mut Txn,
        key: &ServiceKey,
        said: Vec<String>,
        now: Timestamp,
    ) -> Result<()> {
        let (scope, id) = (scope_of(key.place), [key.cluster.as_str(), key.service.as_str()]);
        let mut events = self
            .tables
            .events
            .get(scope.of(), &id)
            .await?
            .map(|found| found.record)
            .unwrap_or_default();
        events.say(said, self.kernel.ids(), now);
        self.tables.events.stage_put(txn, scope.of(), &id, &events)?;
        Ok(())
    }
}

/// The zones that the tasks of a deployment are to be balanced over, where that is asked.
fn zones(service: &Service, primary: &Deployment) -> Vec<String> {
    let is_asked = service.document.0.availability_zone_rebalancing == Some(AvailabilityZoneRebalancing::Enabled);
    // On container instances a task goes where there is room, which may not be where it is missing.
    if !is_asked || !primary.settings.launch.is_fargate() {
        return Vec::new();
    }
    let mut zones: Vec<String> = primary.settings.subnets.iter().map(|(_, zone)| zone.clone()).collect();
    zones.sort();
    zones.dedup();
    zones
}

/// Adds to a transaction: revisions, deployments and messages of a service are forgotten.
pub(super) fn stage_forget_history(txn: &mut Txn, key: &ServiceKey) {
    let (scope, id) = (scope_of(key.place), [key.cluster.as_str(), key.service.as_str()]);
    txn.push(Op::DeletePrefix {
        prefix: Table::<ServiceRevision>::prefix(scope.of(), &id),
    });
    txn.push(Op::DeletePrefix {
        prefix: Table::<ServiceDeployment>::prefix(scope.of(), &id),
    });
    txn.push(Op::Delete {
        key: Table::<ServiceEvents>::key(scope.of(), &id),
    });
}

impl Plan {
    fn leaving(&self) -> impl Iterator<Item = &Leaving> {
        self.steps.iter().flat_map(|step| match step {
            Step::Stop(leaving) => leaving.as_slice(),
            _ => &[],
        })
    }

    pub(super) fn reaped(&self) -> impl Iterator<Item = &String> {
        self.steps.iter().flat_map(|step| match step {
            Step::Reap { tasks, .. } => tasks.as_slice(),
            _ => &[],
        })
    }
}

fn health(task: &Task) -> TaskHealth {
    match task.health() {
        api_ecs::HealthStatus::Healthy => TaskHealth::Healthy,
        api_ecs::HealthStatus::Unhealthy => TaskHealth::Unhealthy,
        _ => TaskHealth::Unknown,
    }
}
