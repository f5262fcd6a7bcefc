//! What the containers of a task find at `169.254.170.2`, for the tasks of this machine.
//!
//! A task has listeners of its own inside its network namespace: the namespace is what tells one task from another, so
//! that an address cannot be forged, and nothing outside it can connect. They are opened whenever a task is looked at
//! that has none, and so also after a start; they end when the task gives its network back.

mod disk;
mod document;
mod environment;
mod protection;
mod sessions;
mod source;
mod stats;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use api_ecs::{ContainerDefinition, NetworkMode};
use roadstead_containers::{ContainerId, Runtime, RuntimeError};
use roadstead_kernel::{Context as _, Fault, Kernel, Result};
pub use roadstead_metadata::Api;
use roadstead_metadata::{ENDPOINT, METADATA, Served, Source};
use roadstead_network::{Net, NetError, NetworkNamespace};
use roadstead_store::Table;

use self::disk::Disks;
use self::sessions::Sessions;
use self::source::TaskSource;
use self::stats::Samples;
use crate::control::TaskKey;
use crate::records::{ContainerStatus, InterfaceStatus, Task, TaskDefinition, TaskStatus};
use crate::task_roles::task_role;

/// How often the role of a task is tried again that cannot be assumed.
pub const TRY_AGAIN: Duration = Duration::from_secs(10);

/// Why a task cannot have its metadata, in the words of its stopped reason.
pub type Setback = String;

/// Metadata, credentials and the agent's API of the tasks on this machine.
pub struct Metadata {
    kernel: Arc<Kernel>,
    runtime: Arc<dyn Runtime>,
    /// Without it there is no way into the namespaces of tasks, and they have none of this.
    net: Option<Arc<dyn Net>>,
    tasks: Table<Task>,
    definitions: Table<TaskDefinition>,
    api: OnceLock<Arc<dyn Api>>,
    /// The listeners in each namespace, by the engine's id of the container that has or holds it.
    doors: Mutex<HashMap<String, Vec<Served>>>,
    sessions: Sessions,
    samples: Samples,
    disks: Disks,
}

impl Metadata {
    /// Of the tasks of a store, that run on an engine; `net` leads into their namespaces, where the host can.
    pub fn new(
        kernel: Arc<Kernel>,
        runtime: Arc<dyn Runtime>,
        net: Option<Arc<dyn Net>>,
        tasks: Table<Task>,
        definitions: Table<TaskDefinition>,
    ) -> Self {
        Self {
            kernel,
            runtime,
            net: net.filter(|net| !net.shortfalls().metadata),
            tasks,
            definitions,
            api: OnceLock::new(),
            doors: Mutex::default(),
            sessions: Sessions::default(),
            samples: Samples::default(),
            disks: Disks::default(),
        }
    }

    /// Serves the APIs of this installation in tasks too; to be said before any task is worked on.
    pub fn serve_api(&self, api: Arc<dyn Api>) {
        self.api.get_or_init(|| api);
    }

    /// What a task is told, whichever way it asks.
    pub fn source(self: &Arc<Self>, key: &TaskKey) -> Arc<dyn Source> {
        Arc::new(TaskSource::new(Arc::clone(self), key.clone()))
    }

    /// Whether the containers of a task of this definition have it: not in the host's own network namespace.
    fn is_offered(&self, definition: &TaskDefinition) -> bool {
        self.net.is_some() && definition.document.0.network_mode != Some(NetworkMode::Host)
    }

    /// Sees to it that a task's listeners are there while it needs them; why they cannot be, if they cannot.
    pub async fn keep(
        self: &Arc<Self>,
        task: &Task,
        definition: &TaskDefinition,
        key: &TaskKey,
    ) -> Result<Option<Setback>> {
        let Some(net) = self.net.as_deref().filter(|_| self.is_offered(definition)) else {
            return Ok(None);
        };
        let over = task.status >= TaskStatus::Deprovisioning;
        let holders: Vec<&String> = match &task.interface {
            Some(interface) => {
                let is_held = interface.status == InterfaceStatus::Attached && !interface.wiring.lost;
                if over || !is_held {
                    self.close(interface.wiring.pause.as_ref());
                }
                interface.wiring.pause.iter().filter(|_| is_held).collect()
            }
            // Each container has a namespace of its own.
            None => {
                let (run, ended): (Vec<_>, Vec<_>) = task
                    .containers
                    .iter()
                    .partition(|c| c.status == ContainerStatus::Running);
                self.close(ended.into_iter().filter_map(|container| container.engine_id.as_ref()));
                run.into_iter()
                    .filter_map(|container| container.engine_id.as_ref())
                    .collect()
            }
        };
        if over {
            self.close(
                task.containers
                    .iter()
                    .filter_map(|container| container.engine_id.as_ref()),
            );
            self.samples
                .forget(task.containers.iter().filter_map(|c| c.engine_id.as_deref()));
            self.sessions.forget(&key.task);
            self.disks.forget(&key.task);
            return Ok(None);
        }
        for holder in holders {
            if !self.doors().contains_key(holder)
                && let Some(setback) = self.open(net, task, key, holder).await?
            {
                return Ok(Some(setback));
            }
        }
        Ok(None)
    }

    async fn open(
        self: &Arc<Self>,
        net: &dyn Net,
        task: &Task,
        key: &TaskKey,
        holder: &str,
    ) -> Result<Option<Setback>> {
        let pid = match self.runtime.inspect(&ContainerId(holder.to_owned())).await {
            Ok(state) => state.pid,
            Err(RuntimeError::NotFound(_)) => None,
            Err(error) => return Err(Fault::internal(error)),
        };
        // The next look finds out what became of it.
        let Some(pid) = pid else { return Ok(None) };
        let namespace = NetworkNamespace::Container {
            pid,
            id: holder.to_owned(),
        };
        let mut listeners = match net.listen_inside(namespace, vec![METADATA, ENDPOINT]).await {
            Ok(listeners) => listeners.into_iter(),
            Err(NetError::NoNamespace(_) | NetError::HostNamespace) => return Ok(None),
            Err(error) => {
                return Ok(Some(format!(
                    "ResourceInitializationError: failed to serve task metadata: {error}"
                )));
            }
        };
        let mut served = Vec::new();
        let started = |error| Fault::internal(error);
        if let Some(listener) = listeners.next() {
            let source = self.source(key);
            let listening = roadstead_metadata::serve(listener, source).map_err(started);
            served.push(listening.context("serving task metadata")?);
        }
        if let (Some(listener), Some(api)) = (listeners.next(), self.api.get()) {
            let listening = roadstead_metadata::forward(listener, address(task), Arc::clone(api)).map_err(started);
            served.push(listening.context("serving the APIs in a task")?);
        }
        self.doors().insert(holder.to_owned(), served);
        Ok(None)
    }

    /// Closes the listeners of a container that gets another namespace: it is started again.
    pub fn leave(&self, engine_id: &str) {
        self.doors().remove(engine_id);
    }

    fn close<'a>(&self, holders: impl IntoIterator<Item = &'a String>) {
        let mut doors = self.doors();
        for holder in holders {
            doors.remove(holder);
        }
    }

    fn doors(&self) -> MutexGuard<'_, HashMap<String, Vec<Served>>> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a task has what its containers need from here before they start: the credentials of its role.
    // AWS: recorded; a task whose role cannot be assumed stays PENDING.
    pub async fn is_ready(&self, task: &Task, definition: &TaskDefinition, key: &TaskKey) -> Result<bool> {
        let Some(role) = task_role(task, definition).filter(|_| self.is_offered(definition)) else {
            return Ok(true);
        };
        match self.sessions.credentials(&self.kernel, key.place, &role, task).await {
            Ok(_) => Ok(true),
            Err(Fault::Api(error)) => {
                tracing::warn!(
                    task = key.task,
                    role,
                    error = error.message,
                    "a task waits for its role"
                );
                Ok(false)
            }
            Err(internal) => Err(internal),
        }
    }

    /// Adds to the environment of a container what it needs to find all this; `image` is what its image sets.
    pub fn join(
        &self,
        env: &mut Vec<(String, String)>,
        key: &TaskKey,
        task: &Task,
        definition: &TaskDefinition,
        container: &ContainerDefinition,
    ) {
        let name = container.name.as_deref().unwrap_or_default();
        let record = task.containers.iter().find(|record| record.name == name);
        let offered = record.filter(|_| self.is_offered(definition));
        environment::complete(env, key.place, task, definition, offered);
    }
}

/// Where calls of a task come from.
fn address(task: &Task) -> IpAddr {
    let own = task
        .interface
        .as_ref()
        .and_then(|interface| interface.address.as_deref());
    own.and_then(|address| address.parse().ok())
        .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}
