//! Tasks: looks at the record and at the engine, plans, and takes one step after the other.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use roadstead_containers::{ContainerId, Health, Runtime, RuntimeError, Status};
use roadstead_control::{Controller, Next, Reconciler};
use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::{Fault, Kernel, Result, places};
use roadstead_network::Net;
use roadstead_store::{StoreError, Table};
use tokio::sync::Semaphore;

use super::network::Networks;
use super::order;
use super::plan::{Plan, Step, plan};
use super::{ServiceControl, ServiceKey};
use crate::awslogs::AwsLogs;
use crate::behalf::OnBehalf;
use crate::fleet::Fleet;
use crate::metadata::{Metadata, TRY_AGAIN};
use crate::records::{
    ContainerRecord, ContainerStatus, Interface, InterfaceStatus, Network, StopCode, Task, TaskDefinition, TaskStatus,
    Wiring,
};
use crate::run::revision_key;
use crate::{arn, scope_of};

/// Names a task.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaskKey {
    /// Account and region.
    pub place: Place,
    /// The cluster's name.
    pub cluster: String,
    /// The task's id.
    pub task: String,
}

/// Steps of one look; a task that needs more is looked at again.
const MAX_STEPS: usize = 64;
/// Containers that the engine makes or removes at the same time; more at once only wait for each other there.
const ENGINE_AT_ONCE: usize = 8;
/// What asks a container to end.
const STOP_SIGNAL: &str = "SIGTERM";
/// The exit status of a process that was killed.
const KILLED: i32 = 137;

/// Moves tasks.
pub struct TaskControl {
    kernel: Arc<Kernel>,
    runtime: Arc<dyn Runtime>,
    networks: Networks,
    metadata: Arc<Metadata>,
    tasks: Table<Task>,
    definitions: Table<TaskDefinition>,
    services: OnceLock<Weak<Controller<ServiceControl>>>,
    logs: Arc<Controller<AwsLogs>>,
    fleet: Arc<Fleet>,
    /// Who makes or removes containers at the moment.
    engine: Semaphore,
}

impl TaskControl {
    /// Works on the tasks of a store, with an engine and, where the host can, with network interfaces.
    pub fn new(
        kernel: Arc<Kernel>,
        runtime: Arc<dyn Runtime>,
        net: Option<Arc<dyn Net>>,
        tasks: Table<Task>,
        definitions: Table<TaskDefinition>,
        logs: Arc<Controller<AwsLogs>>,
        fleet: Arc<Fleet>,
    ) -> Self {
        let networks = Networks::new(Arc::clone(&kernel), Arc::clone(&runtime), net.clone());
        let metadata = Metadata::new(
            Arc::clone(&kernel),
            Arc::clone(&runtime),
            net,
            tasks.clone(),
            definitions.clone(),
        );
        Self {
            kernel,
            runtime,
            networks,
            metadata: Arc::new(metadata),
            tasks,
            definitions,
            services: OnceLock::new(),
            logs,
            fleet,
            engine: Semaphore::new(ENGINE_AT_ONCE),
        }
    }

    /// Tells who wants to know of changes to the tasks of services; the first one stays.
    pub fn watched_by(&self, services: &Arc<Controller<ServiceControl>>) {
        self.services.get_or_init(|| Arc::downgrade(services));
    }

    /// Asks for a look at the service that a task belongs to.
    fn wake_service(&self, task: &Task, key: &TaskKey) {
        let Some(service) = task.group.strip_prefix("service:") else {
            return;
        };
        if let Some(services) = self.services.get().and_then(Weak::upgrade) {
            let key = ServiceKey {
                place: key.place,
                cluster: key.cluster.clone(),
                service: service.to_owned(),
            };
            let pause = services.reconciler().gather(&key);
            services.enqueue_after(key, pause);
        }
    }

    /// What delivers the output of containers.
    pub fn logs(&self) -> &Arc<Controller<AwsLogs>> {
        &self.logs
    }

    /// The networks of the tasks.
    pub fn networks(&self) -> &Networks {
        &self.networks
    }

    /// What the containers of the tasks find at `169.254.170.2`.
    pub fn metadata(&self) -> &Arc<Metadata> {
        &self.metadata
    }

    pub(super) fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    pub(super) fn runtime(&self) -> &dyn Runtime {
        &*self.runtime
    }

    /// Takes over the networks of the tasks that are there after a start. To be called before any task is worked on.
    pub async fn resume(&self) -> Result<()> {
        let mut kept = Vec::new();
        for key in self.all().await? {
            if let Some(task) = self.get(&key).await?
                && let Some(interface) = task.interface
                && interface.eni.is_some()
                && interface.status < InterfaceStatus::Detached
            {
                kept.push((key.place, interface));
            }
        }
        self.networks.resume(kept).await
    }

    /// A task by its key.
    pub(super) async fn get(&self, key: &TaskKey) -> Result<Option<Task>> {
        let found = self
            .tasks
            .get(scope_of(key.place).of(), &[&key.cluster, &key.task])
            .await?;
        Ok(found.map(|found| found.record))
    }

    /// The tasks of all places that are not yet forgotten; looked at once after a start.
    pub async fn all(&self) -> Result<Vec<TaskKey>> {
        let mut keys = Vec::new();
        for place in places(&**self.tasks.store()).await? {
            for found in self.tasks.list_all(scope_of(place).of()).await? {
                keys.push(TaskKey {
                    place,
                    cluster: found.record.cluster,
                    task: found.record.id,
                });
            }
        }
        Ok(keys)
    }
}

impl Reconciler for TaskControl {
    type Key = TaskKey;

    fn name(&self) -> &'static str {
        "ecs/task"
    }

    async fn reconcile(&self, key: &TaskKey) -> Result<Next> {
        let scope = scope_of(key.place);
        let id = [key.cluster.as_str(), key.task.as_str()];
        // A container that was just started is not looked at before the task is where that takes it: one that ends at once
        // ran all the same.
        let mut is_fresh = false;
        for _ in 0..MAX_STEPS {
            let Some(found) = self.tasks.get(scope.of(), &id).await? else {
                return Ok(Next::Forget);
            };
            let revision = revision_key(found.record.revision);
            let definition = self
                .definitions
                .get(scope.of(), &[&found.record.family, &revision])
                .await?;
            let Some(definition) = definition.map(|found| found.record) else {
                return Err(Fault::internal("the task's definition is gone"));
            };
            let mut task = found.record;
            if !is_fresh {
                self.observe(&mut task, &definition, key).await?;
                self.follow_output(&mut task, key).await?;
            }
            let now = self.kernel.clock().now();
            let mut setback = self.metadata.keep(&task, &definition, key).await?;
            if !task.is_stopping()
                && task.started_at.is_none()
                && let Some(setback) = setback.take()
            {
                task.end(StopCode::FailedToStart, setback);
                self.save(&task, key).await?;
            }
            let Plan { step, next } = plan(&task, &definition, now);
            if is_fresh && step.is_none() {
                is_fresh = false;
                continue;
            }
            let Some(step) = step else {
                // What runs goes on without metadata for a while: a server that starts again must end no task.
                return match setback {
                    Some(setback) if !task.is_stopping() => {
                        tracing::warn!(
                            task = key.task,
                            setback,
                            "a running task has no metadata; it is tried again"
                        );
                        Ok(Next::In(TRY_AGAIN))
                    }
                    _ => Ok(next),
                };
            };
            if matches!(step, Step::Launch(_)) && !self.metadata.is_ready(&task, &definition, key).await? {
                return Ok(Next::In(TRY_AGAIN));
            }
            if step == Step::Forget {
                self.logs.reconciler().forget(key).await?;
                self.tasks.delete(scope.of(), &id, found.revision).await?;
                return Ok(Next::Forget);
            }
            is_fresh = task.status == TaskStatus::Pending && matches!(step, Step::Launch(_));
            let turn = if step.is_engine_work() {
                Some(self.engine.acquire().await.map_err(Fault::internal)?)
            } else {
                None
            };
            self.apply(&mut task, &definition, key, step).await?;
            drop(turn);
            // What was changed by a call meanwhile (a stop, tags) is kept: only this controller writes the rest.
            self.save(&task, key).await?;
        }
        Ok(Next::In(Duration::ZERO))
    }
}

impl TaskControl {
    /// Takes over from the engine what became of the containers.
    async fn observe(&self, task: &mut Task, definition: &TaskDefinition, key: &TaskKey) -> Result<()> {
        let mut ended = false;
        let lives = !task.is_stopping();
        let (mut restarting, mut probed) = (false, false);
        for at in 0..task.containers.len() {
            let Some(container) = task.containers.get(at) else {
                continue;
            };
            let (Some(engine_id), ContainerStatus::Running) = (container.engine_id.clone(), container.status) else {
                continue;
            };
            let seen = match self.runtime.inspect(&ContainerId(engine_id)).await {
                Ok(state) => Some(state),
                Err(RuntimeError::NotFound(_)) => None,
                Err(error) => return Err(Fault::internal(error)),
            };
            let now = self.kernel.clock().now();
            let Some(container) = task.containers.get_mut(at) else {
                continue;
            };
            match seen.as_ref().map(|state| state.status) {
                Some(Status::Running | Status::Created) => {
                    let healthy = match seen.as_ref().map(|state| state.health) {
                        Some(Health::Healthy) => Some(true),
                        Some(Health::Unhealthy) => Some(false),
                        _ => None,
                    };
                    if container.healthy != healthy {
                        container.healthy = healthy;
                        container.healthy_since = Some(now);
                        // AWS: recorded; health makes no new version, and no event.
                        probed = true;
                    }
                    continue;
                }
                Some(Status::Exited(exit)) => {
                    let ended = seen.as_ref().and_then(|state| state.finished_at).unwrap_or(now);
                    if lives && (container.restart_due || order::restarts(definition, container, exit.code, ended)) {
                        restarting |= !container.restart_due;
                        container.restart_due = true;
                        continue;
                    }
                    container.restart_due = false;
                    container.exit_code = Some(exit.code);
                    container.finished_at = Some(ended);
                    // Containers with shared limits all hear of it, those that were not killed too.
                    if exit.oom && exit.code == KILLED {
                        container.reason = Some("OutOfMemoryError: Container killed due to memory usage".to_owned());
                    }
                }
                None => {
                    container.reason =
                        Some("ContainerVanishedError: the container is no longer at the engine".to_owned());
                    container.finished_at = Some(now);
                }
            }
            container.status = ContainerStatus::Stopped;
            ended = true;
        }
        if ended {
            task.tell_by(self.kernel.clock().now());
        }
        let lost = self.lost_network(task).await?;
        if let Some(interface) = task.interface.as_mut().filter(|_| lost) {
            interface.wiring.lost = true;
        }
        if ended || lost || restarting || probed {
            self.save(task, key).await?;
        }
        Ok(())
    }

    /// Sees to it that the output of the containers is delivered, and takes over where it is to its end.
    async fn follow_output(&self, task: &mut Task, key: &TaskKey) -> Result<()> {
        let logs = self.logs.reconciler();
        let mut drained = false;
        for container in &mut task.containers {
            let ended = container.status == ContainerStatus::Stopped;
            let Some(sink) = container.log.as_mut().filter(|sink| !sink.drained) else {
                continue;
            };
            if !ended {
                logs.attend(key, &container.name);
                continue;
            }
            let delivered = logs.delivered(key, &container.name).await?;
            sink.delivered_at = delivered.as_ref().and_then(|delivered| delivered.at);
            if delivered.is_some_and(|delivered| delivered.drained) {
                sink.drained = true;
                drained = true;
            } else {
                logs.look(key, &container.name);
            }
        }
        if drained {
            self.save(task, key).await?;
        }
        Ok(())
    }

    /// Whether the pause container of a task that shall run has ended, and that is news.
    async fn lost_network(&self, task: &Task) -> Result<bool> {
        let lives = !task.is_stopping() && task.status < TaskStatus::Deprovisioning;
        let wiring = task.interface.as_ref().map(|interface| &interface.wiring);
        match wiring
            .filter(|wiring| lives && !wiring.lost)
            .and_then(|wiring| wiring.pause.as_deref())
        {
            Some(pause) => Ok(!self.networks.holds(pause).await?),
            None => Ok(false),
        }
    }

    /// Writes the task; a stop or tags that a call wrote meanwhile are kept.
    async fn save(&self, task: &Task, key: &TaskKey) -> Result<()> {
        let merge = |stored: &mut Task| {
            let mut merged = task.clone();
            merged.tags.clone_from(&stored.tags);
            merged.protected_until = stored.protected_until;
            if stored.stop.is_some() && stored.stop != task.stop {
                merged.desired = stored.desired;
                merged.stop.clone_from(&stored.stop);
                merged.stopping_at = stored.stopping_at;
                merged.version += 1;
            }
            *stored = merged;
            Ok::<_, StoreError>(())
        };
        let id = [key.cluster.as_str(), key.task.as_str()];
        self.tasks.update(scope_of(key.place).of(), &id, merge).await?;
        self.fleet.saw(key.place, task).await?;
        self.wake_service(task, key);
        Ok(())
    }

    async fn apply(&self, task: &mut Task, definition: &TaskDefinition, key: &TaskKey, step: Step) -> Result<()> {
        let now = self.kernel.clock().now();
        match step {
            Step::CreateInterface => self.create_interface(task, key).await?,
            Step::StartPause => self.start_pause(task, definition, key).await?,
            Step::AttachInterface => self.attach_interface(task, key).await?,
            Step::ReleaseInterface => {
                if let Some(interface) = &mut task.interface {
                    interface.status = InterfaceStatus::Detaching;
                }
            }
            Step::DetachInterface => self.detach_interface(task, key).await?,
            Step::Advance(TaskStatus::Deprovisioning) => task.deprovision(now),
            Step::Advance(status) => {
                task.status = status;
                match status {
                    TaskStatus::Running => task.started_at = Some(now),
                    TaskStatus::Stopped => task.stopped_at = Some(now),
                    TaskStatus::Provisioning | TaskStatus::Pending | TaskStatus::Deprovisioning => {}
                }
                task.changed();
            }
            Step::Tell => task.changed(),
            Step::Launch(name) => {
                self.launch(task, definition, key, &name).await?;
                // It may be a repeated attempt that failed sooner than the one before.
                self.remove_unnoted(task, key, &name).await?;
            }
            Step::Restart(name) => self.restart(task, &name).await?,
            Step::GiveUp(name) => {
                if let Some(container) = container(task, &name) {
                    container.status = ContainerStatus::Stopped;
                }
                self.remove_unnoted(task, key, &name).await?;
            }
            Step::End(code, reason) => task.end(code, reason),
            Step::Signal(name) => {
                if let Some(container) = container(task, &name) {
                    container.signalled_at = Some(now);
                    if let Some(id) = container.engine_id.clone() {
                        gone_is_fine(self.ask_to_end(&ContainerId(id)).await)?;
                    }
                }
            }
            Step::Kill(name) => {
                if let Some(id) = container(task, &name).and_then(|container| container.engine_id.clone()) {
                    gone_is_fine(self.runtime.kill(&ContainerId(id), "SIGKILL").await)?;
                }
            }
            Step::RemoveContainers => {
                for container in task.containers.iter_mut().rev() {
                    if let Some(id) = container.engine_id.clone() {
                        gone_is_fine(self.runtime.remove(&ContainerId(id)).await)?;
                        container.engine_id = None;
                    }
                }
            }
            Step::GiveBack => {
                self.give_back(task, definition).await?;
                task.gave_back = true;
            }
            Step::DeleteInterface => self.delete_interface(task, key).await?,
            Step::Forget => {}
        }
        Ok(())
    }

    /// Sends a container the signal that its image asks for.
    async fn ask_to_end(&self, id: &ContainerId) -> std::result::Result<(), RuntimeError> {
        let signal = self.runtime.inspect(id).await?.stop_signal;
        self.runtime.kill(id, signal.as_deref().unwrap_or(STOP_SIGNAL)).await
    }

    /// Starts a container again; that makes no event.
    async fn restart(&self, task: &mut Task, name: &str) -> Result<()> {
        let now = self.kernel.clock().now();
        let Some(container) = container(task, name) else {
            return Ok(());
        };
        let id = ContainerId(container.engine_id.clone().unwrap_or_default());
        // A namespace of its own ended with it; the next look opens listeners in the new one.
        self.metadata.leave(id.as_str());
        match self.runtime.start(&id).await {
            Ok(()) => {
                container.restarts += 1;
                container.started_at = Some(now);
                container.healthy = None;
            }
            Err(RuntimeError::Unreachable(why)) => return Err(Fault::internal(why)),
            Err(error) => {
                container.reason = Some(format!("CannotStartContainerError: {error}"));
                container.status = ContainerStatus::Stopped;
                container.finished_at = Some(now);
            }
        }
        container.restart_due = false;
        if container.status == ContainerStatus::Stopped {
            task.tell_by(now);
        }
        Ok(())
    }

    async fn create_interface(&self, task: &mut Task, key: &TaskKey) -> Result<()> {
        let assumed = OnBehalf::for_interfaces(&self.kernel, key.place).await;
        // Without a session nothing can have been made, and nothing could be deleted.
        let nothing_made = matches!(assumed, Err(Fault::Api(_)));
        let made = match assumed {
            Ok(role) => self.make_interface(task, key, &role).await,
            Err(fault) => Err(fault),
        };
        match made {
            Ok(made) => task.interface = Some(made),
            Err(Fault::Api(error)) => {
                let subnet = task
                    .interface
                    .as_ref()
                    .map(|i| i.network.subnet.clone())
                    .unwrap_or_default();
                let reason = format!(
                    "Unexpected EC2 error while attempting to Create Network Interface in subnet '{subnet}': {}",
                    error.code
                );
                task.end(StopCode::FailedToStart, reason);
                if let Some(interface) = task.interface.as_mut().filter(|_| nothing_made) {
                    interface.status = InterfaceStatus::Deleted;
                }
            }
            Err(internal) => return Err(internal),
        }
        Ok(())
    }

    async fn make_interface(&self, task: &Task, key: &TaskKey, role: &OnBehalf) -> Result<Interface> {
        let Some(planned) = task.interface.clone() else {
            return Err(Fault::internal("a task without an interface"));
        };
        // AWS: recorded; the token is the task's id and the attachment's, without dashes. A repeated step finds the
        // interface that it made before.
        let token = format!("{}{}", task.id, planned.attachment.replace('-', ""));
        let description = arn::attachment(key.place, &planned.attachment);
        let network = &planned.network;
        let eni = role
            .create_network_interface(&network.subnet, &network.groups, description, token, network.public_ip)
            .await?;
        let id = eni
            .network_interface_id
            .ok_or_else(|| Fault::internal("an interface without an id"))?;
        let tags = interface_tags(task);
        if !tags.is_empty() {
            role.tag_network_interface(&id, &tags).await?;
        }
        let wiring = self.networks.wiring(role, &network.subnet).await?;
        let groups = eni
            .groups
            .unwrap_or_default()
            .into_iter()
            .filter_map(|group| group.group_id)
            .collect();
        Ok(Interface {
            wiring,
            network: Network {
                groups,
                ..network.clone()
            },
            status: InterfaceStatus::Created,
            eni: Some(id),
            mac: eni.mac_address,
            address: eni.private_ip_address,
            dns_name: eni.private_dns_name.filter(|name| !name.is_empty()),
            ..planned
        })
    }

    async fn delete_interface(&self, task: &mut Task, key: &TaskKey) -> Result<()> {
        let Some(interface) = &mut task.interface else {
            return Ok(());
        };
        // Without the role the task stays as it is: the interface is never forgotten.
        let role = OnBehalf::for_interfaces(&self.kernel, key.place).await?;
        let eni = match &interface.eni {
            Some(eni) => Some(eni.clone()),
            // Only planned, as far as is known: but a crash may have come between making it and noting it.
            None => {
                let made = role
                    .network_interface_of(arn::attachment(key.place, &interface.attachment))
                    .await?;
                made.and_then(|made| made.network_interface_id)
            }
        };
        if let Some(eni) = eni {
            role.delete_network_interface(&eni).await?;
        }
        interface.status = InterfaceStatus::Deleted;
        Ok(())
    }

    async fn start_pause(&self, task: &mut Task, definition: &TaskDefinition, key: &TaskKey) -> Result<()> {
        let Some(interface) = task.interface.clone() else {
            return Ok(());
        };
        match self
            .networks
            .start_pause(key.place, task, definition, &interface)
            .await?
        {
            Ok(pause) => {
                let wiring = Wiring {
                    pause: Some(pause),
                    ..interface.wiring
                };
                task.interface = Some(Interface { wiring, ..interface });
            }
            Err(setback) => task.end(StopCode::FailedToStart, setback),
        }
        Ok(())
    }

    async fn attach_interface(&self, task: &mut Task, key: &TaskKey) -> Result<()> {
        let Some(interface) = &mut task.interface else {
            return Ok(());
        };
        match self.networks.attach(key.place, interface).await? {
            Ok(()) => interface.status = InterfaceStatus::Attached,
            Err(setback) => task.end(StopCode::FailedToStart, setback),
        }
        Ok(())
    }

    async fn detach_interface(&self, task: &mut Task, key: &TaskKey) -> Result<()> {
        let Some(interface) = task.interface.clone() else {
            return Ok(());
        };
        self.networks.detach(key.place, task, &interface).await?;
        task.interface = Some(Interface {
            status: InterfaceStatus::Detached,
            ..interface
        });
        Ok(())
    }
}

/// The tags of a task's interface: those that ECS manages, and those that were propagated to the task with them.
fn interface_tags(task: &Task) -> Tags {
    if task.managed_tags {
        task.tags.clone()
    } else {
        Tags::new()
    }
}

pub(super) fn container<'a>(task: &'a mut Task, name: &str) -> Option<&'a mut ContainerRecord> {
    task.containers.iter_mut().find(|container| container.name == name)
}

/// What has to go may be gone already.
pub(super) fn gone_is_fine(outcome: Result<(), RuntimeError>) -> Result<()> {
    match outcome {
        Ok(()) | Err(RuntimeError::NotFound(_)) => Ok(()),
        Err(error) => Err(Fault::internal(error)),
    }
}
