//! Tasks: looks at the record and at the engine, plans, and takes one step after the other.

use std::sync::{Arc, OnceLock, Weak};

use roadstead_containers::{ContainerId, Health, ImageError, LogMode, Phase, Runtime, RuntimeError, Status};
use roadstead_control::{Controller, Next, Reconciler};
use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::{Fault, Kernel, Result, places};
use roadstead_network::Net;
use roadstead_store::{StoreError, Table};

use super::network::{Networks, create_or_adopt};
use super::order;
use super::plan::{Plan, Step, plan};
use super::{ServiceControl, ServiceKey};
use crate::awslogs::AwsLogs;
use crate::behalf::OnBehalf;
use crate::fleet::Fleet;
use crate::metadata::{Metadata, TRY_AGAIN};
use crate::records::{
    Binding, ContainerRecord, ContainerStatus, Desired, Interface, InterfaceStatus, Mode, Network, StopCode, Task,
    TaskDefinition, TaskStatus, Wiring,
};
use crate::run::revision_key;
use crate::{arn, launch, scope_of, secrets};

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
            services.enqueue_after(key, services.reconciler().gather());
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
            self.observe(&mut task, &definition, key).await?;
            self.follow_output(&mut task, key).await?;
            let now = self.kernel.clock().now();
            let mut setback = self.metadata.keep(&task, &definition, key).await?;
            if task.desired == Desired::Running
                && task.started_at.is_none()
                && let Some(setback) = setback.take()
            {
                task.stop(StopCode::FailedToStart, setback, now);
                self.save(&task, key).await?;
            }
            let Plan { step, next } = plan(&task, &definition, now);
            let Some(step) = step else {
                // What runs goes on without metadata for a while: a server that starts again must end no task.
                return match setback {
                    Some(setback) if task.desired == Desired::Running => {
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
            self.apply(&mut task, &definition, key, step).await?;
            // What was changed by a call meanwhile (a stop, tags) is kept: only this controller writes the rest.
            self.save(&task, key).await?;
        }
        Ok(Next::In(std::time::Duration::ZERO))
    }
}

impl TaskControl {
    /// Takes over from the engine what became of the containers.
    async fn observe(&self, task: &mut Task, definition: &TaskDefinition, key: &TaskKey) -> Result<()> {
        let before = task.version;
        let lives = task.desired == Desired::Running;
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
            task.changed();
        }
        let lost = self.lost_network(task).await?;
        if let Some(interface) = task.interface.as_mut().filter(|_| lost) {
            interface.wiring.lost = true;
        }
        if task.version != before || lost || restarting || probed {
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
        let lives = task.desired == Desired::Running && task.status < TaskStatus::Deprovisioning;
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
            if stored.desired != task.desired && stored.stop.is_some() {
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
            Step::Advance(status) => {
                task.status = status;
                match status {
                    TaskStatus::Running => task.started_at = Some(now),
                    TaskStatus::Deprovisioning => {
                        let ended = task
                            .containers
                            .iter()
                            .filter_map(|container| container.finished_at)
                            .max();
                        task.execution_stopped_at = ended;
                    }
                    TaskStatus::Stopped => task.stopped_at = Some(now),
                    TaskStatus::Provisioning | TaskStatus::Pending => {}
                }
                task.changed();
            }
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
            Step::Stop(code, reason) => task.stop(code, reason, now),
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
            task.changed();
        }
        Ok(())
    }

    async fn create_interface(&self, task: &mut Task, key: &TaskKey) -> Result<()> {
        let now = self.kernel.clock().now();
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
                task.stop(StopCode::FailedToStart, reason, now);
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
            Err(setback) => task.stop(StopCode::FailedToStart, setback, self.kernel.clock().now()),
        }
        Ok(())
    }

    async fn attach_interface(&self, task: &mut Task, key: &TaskKey) -> Result<()> {
        let now = self.kernel.clock().now();
        let Some(interface) = &mut task.interface else {
            return Ok(());
        };
        match self.networks.attach(key.place, interface).await? {
            Ok(()) => interface.status = InterfaceStatus::Attached,
            Err(setback) => task.stop(StopCode::FailedToStart, setback, now),
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

    async fn launch(&self, task: &mut Task, definition: &TaskDefinition, key: &TaskKey, name: &str) -> Result<()> {
        let now = self.kernel.clock().now();
        let first = task.pull_started_at.is_none();
        task.pull_started_at.get_or_insert(now);
        let Some(wanted) = definition.containers().iter().find(|c| c.name.as_deref() == Some(name)) else {
            return Err(Fault::internal("a container that its definition does not have"));
        };
        let given = match secrets::resolve(&self.kernel, key.place, task, definition, (wanted, first)).await? {
            Ok(given) => given,
            Err(why) => {
                task.stop(StopCode::FailedToStart, why, now);
                return Ok(());
            }
        };
        let image = wanted.image.as_deref().unwrap_or_default();
        let digest = match self.runtime.ensure_image(image, given.registry.as_ref()).await {
            Ok(found) => found.digest,
            Err(ImageError::EngineUnreachable(why)) => return Err(Fault::internal(why)),
            Err(error) => {
                give_up(task, name, &format!("CannotPullContainerError: {error}"), now);
                return Ok(());
            }
        };
        task.pull_stopped_at = Some(self.kernel.clock().now());
        let pause = task
            .interface
            .as_ref()
            .and_then(|interface| interface.wiring.pause.clone())
            .map(ContainerId);
        let mut spec = match launch::spec(key.place, task, definition, wanted, pause.as_ref()) {
            Ok(spec) => spec,
            Err(why) => {
                give_up(task, name, &format!("ResourceInitializationError: {why}"), now);
                return Ok(());
            }
        };
        secrets::add(&mut spec, given);
        if self.logs.reconciler().keeps_all(key.place, wanted).await? {
            spec.log = LogMode::Keep;
        }
        self.metadata.join(&mut spec.env, key, task, definition, wanted);
        if let Err(setback) = self.make_volumes(key.place, task, definition, wanted).await? {
            give_up(task, name, &setback, now);
            return Ok(());
        }
        match self.share_limits(task, definition, wanted, &mut spec).await {
            Ok(()) => {}
            Err(RuntimeError::Unreachable(why)) => return Err(Fault::internal(why)),
            Err(error) => {
                give_up(task, name, &format!("ResourceInitializationError: {error}"), now);
                return Ok(());
            }
        }
        let (id, phase) = match create_or_adopt(&*self.runtime, &task.arn(key.place), spec, name).await {
            Ok(made) => made,
            Err(RuntimeError::Unreachable(why)) => return Err(Fault::internal(why)),
            Err(error) => {
                give_up(task, name, &format!("CannotCreateContainerError: {error}"), now);
                return Ok(());
            }
        };
        let is_on_instance = task.host.is_some();
        if let Some(container) = container(task, name) {
            container.engine_id = Some(id.0.clone());
            container.runtime_id = is_on_instance.then(|| id.0.clone());
            container.digest = Some(digest);
        }
        match self
            .logs
            .reconciler()
            .open(key.place, task, definition, wanted, &id.0)
            .await?
        {
            Ok(sink) => {
                if let Some(container) = container(task, name) {
                    container.log = sink;
                }
            }
            Err((sink, why)) => {
                if let Some(container) = container(task, name) {
                    // AWS: recorded; neither digest nor reason, but a runtime id.
                    container.digest = None;
                    container.log = Some(sink);
                    container.status = ContainerStatus::Stopped;
                }
                task.stop(StopCode::FailedToStart, why, now);
                return Ok(());
            }
        }
        let started = match phase {
            Phase::Created => self.runtime.start(&id).await.map(|()| None),
            // Started before a crash: what has ended since must not run twice; the next look takes its end over.
            Phase::Running | Phase::Exited => self.runtime.inspect(&id).await.map(|state| state.started_at),
        };
        let started_at = match started {
            Ok(at) => at.unwrap_or_else(|| self.kernel.clock().now()),
            Err(RuntimeError::Unreachable(why)) => return Err(Fault::internal(why)),
            Err(error) => {
                give_up(task, name, &format!("CannotStartContainerError: {error}"), now);
                return Ok(());
            }
        };
        let bindings = self.bindings(task, &id).await?;
        if let Some(container) = container(task, name) {
            container.bindings = bindings;
            container.status = ContainerStatus::Running;
            container.started_at = Some(started_at);
        }
        if task
            .containers
            .iter()
            .any(|c| c.essential && c.status == ContainerStatus::Pending)
        {
            task.changed();
        }
        Ok(())
    }
}

impl TaskControl {
    /// The ports of the host that lead to a container, where its task is connected by the engine's bridge.
    async fn bindings(&self, task: &Task, id: &ContainerId) -> Result<Vec<Binding>> {
        if task.host.as_ref().map(|host| host.mode) != Some(Mode::Bridge) {
            return Ok(Vec::new());
        }
        match self.runtime.inspect(id).await {
            Ok(state) => Ok(launch::bindings(&state)),
            // The next look finds out what became of it.
            Err(RuntimeError::NotFound(_)) => Ok(Vec::new()),
            Err(error) => Err(Fault::internal(error)),
        }
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

fn container<'a>(task: &'a mut Task, name: &str) -> Option<&'a mut ContainerRecord> {
    task.containers.iter_mut().find(|container| container.name == name)
}

fn give_up(task: &mut Task, name: &str, reason: &str, now: roadstead_core::Timestamp) {
    if let Some(container) = container(task, name) {
        container.status = ContainerStatus::Stopped;
        container.reason = Some(reason.to_owned());
    }
    task.stop(StopCode::FailedToStart, reason, now);
}

/// What has to go may be gone already.
pub(super) fn gone_is_fine(outcome: Result<(), RuntimeError>) -> Result<()> {
    match outcome {
        Ok(()) | Err(RuntimeError::NotFound(_)) => Ok(()),
        Err(error) => Err(Fault::internal(error)),
    }
}
