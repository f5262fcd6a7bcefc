//! Starting a container of a task: its secrets and image, what it is made from, where its output goes.

use std::time::Duration;

use api_ecs::ContainerDefinition;
use roadstead_containers::{ContainerId, ImageError, LogMode, Phase, RuntimeError};
use roadstead_kernel::{Fault, Result};

use super::network::create_or_adopt;
use super::task::container;
use super::{TaskControl, TaskKey, order};
use crate::records::{Binding, ContainerStatus, Desired, Mode, StopCode, Task, TaskDefinition};
use crate::{launch, ports, secrets};

/// How long an image is waited for before it is looked whether somebody stopped the task.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long a container must have run, in a task that does not, before that makes a version of its own.
const STARTED: Duration = Duration::from_secs(1);

impl TaskControl {
    /// Fetches the image of a container, makes it and starts it; where that fails the task ends.
    pub(super) async fn launch(
        &self,
        task: &mut Task,
        definition: &TaskDefinition,
        key: &TaskKey,
        name: &str,
    ) -> Result<()> {
        let first = task.pull_started_at.is_none();
        let Some(wanted) = definition.containers().iter().find(|c| c.name.as_deref() == Some(name)) else {
            return Err(Fault::internal("a container that its definition does not have"));
        };
        let Some(given) = self.pull(task, definition, key, (wanted, first)).await? else {
            return Ok(());
        };
        // AWS: recorded; a container that waits for another has its image already.
        if first {
            for other in definition.containers() {
                let waits = other.name.as_deref() != Some(name) && order::needed_by(other).next().is_some();
                if waits && self.pull(task, definition, key, (other, false)).await?.is_none() {
                    return Ok(());
                }
            }
        }
        // Whoever stopped the task while images were fetched wants nothing started any more.
        if self.is_stopped(key).await? {
            return Ok(());
        }
        let pause = task
            .interface
            .as_ref()
            .and_then(|interface| interface.wiring.pause.clone())
            .map(ContainerId);
        let mut spec = match launch::spec(key.place, task, definition, wanted, pause.as_ref()) {
            Ok(spec) => spec,
            Err(why) => {
                give_up(task, name, &format!("ResourceInitializationError: {why}"));
                return Ok(());
            }
        };
        if let Err(why) = ports::find(self.runtime(), wanted, &mut spec) {
            give_up(task, name, &format!("CannotCreateContainerError: {why}"));
            return Ok(());
        }
        secrets::add(&mut spec, given);
        if self.logs().reconciler().keeps_all(key.place, wanted).await? {
            spec.log = LogMode::Keep;
        }
        self.metadata().join(&mut spec.env, key, task, definition, wanted);
        if let Err(setback) = self.make_volumes(key.place, task, definition, wanted).await? {
            give_up(task, name, &setback);
            return Ok(());
        }
        match self.share_limits(task, definition, wanted, &mut spec).await {
            Ok(()) => {}
            Err(RuntimeError::Unreachable(why)) => return Err(Fault::internal(why)),
            Err(error) => {
                give_up(task, name, &format!("ResourceInitializationError: {error}"));
                return Ok(());
            }
        }
        let lowered = self.runtime().lower_limits(&mut spec);
        let (id, phase) = match create_or_adopt(self.runtime(), &task.arn(key.place), spec, name).await {
            Ok(made) => made,
            Err(RuntimeError::Unreachable(why)) => return Err(Fault::internal(why)),
            Err(error) => {
                give_up(task, name, &format!("CannotCreateContainerError: {error}"));
                return Ok(());
            }
        };
        let is_on_instance = task.host.is_some();
        if let Some(container) = container(task, name) {
            container.engine_id = Some(id.0.clone());
            container.runtime_id = is_on_instance.then(|| id.0.clone());
            if !lowered.is_empty() {
                let lowered = lowered.join(", ");
                tracing::warn!(
                    task = key.task,
                    container = name,
                    lowered,
                    "limits were lowered to what the host grants"
                );
                container.reason = Some(format!(
                    "Resource limits were lowered to what the host grants: {lowered}"
                ));
            }
        }
        match self
            .logs()
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
                task.end(StopCode::FailedToStart, why);
                return Ok(());
            }
        }
        let started = match phase {
            Phase::Created => self.runtime().start(&id).await.map(|()| None),
            // Started before a crash: what has ended since must not run twice; the next look takes its end over.
            Phase::Running | Phase::Exited => self.runtime().inspect(&id).await.map(|state| state.started_at),
        };
        let started_at = match started {
            Ok(at) => at.unwrap_or_else(|| self.kernel().clock().now()),
            Err(RuntimeError::Unreachable(why)) => return Err(Fault::internal(why)),
            Err(error) => {
                give_up(task, name, &format!("CannotStartContainerError: {error}"));
                return Ok(());
            }
        };
        let bindings = self.bindings(task, wanted, &id).await?;
        if let Some(container) = container(task, name) {
            container.bindings = bindings;
            container.status = ContainerStatus::Running;
            container.started_at = Some(started_at);
        }
        task.tell_by(self.kernel().clock().now().plus(STARTED));
        Ok(())
    }

    /// Reads the secrets of a container and fetches its image; `None` when that failed, and the task therefore ends.
    async fn pull(
        &self,
        task: &mut Task,
        definition: &TaskDefinition,
        key: &TaskKey,
        (wanted, first): (&ContainerDefinition, bool),
    ) -> Result<Option<secrets::Given>> {
        let name = wanted.name.as_deref().unwrap_or_default();
        task.pull_started_at.get_or_insert(self.kernel().clock().now());
        if let Some(container) = container(task, name) {
            container.tried = true;
        }
        let given = match secrets::resolve(self.kernel(), key.place, task, definition, (wanted, first)).await? {
            Ok(given) => given,
            Err(why) => {
                task.end(StopCode::FailedToStart, why);
                return Ok(None);
            }
        };
        let image = wanted.image.as_deref().unwrap_or_default();
        let mut fetching = self.runtime().ensure_image(image, given.registry.as_ref());
        let fetched = loop {
            match tokio::time::timeout(PATIENCE, &mut fetching).await {
                Ok(fetched) => break Some(fetched),
                // Whoever stopped the task does not want to wait for an image: the engine gives up what nobody asks for.
                Err(_) if self.is_stopped(key).await? => break None,
                Err(_) => {}
            }
        };
        drop(fetching);
        task.pull_stopped_at = Some(self.kernel().clock().now());
        match fetched {
            Some(Ok(found)) => {
                if let Some(container) = container(task, name) {
                    container.digest = Some(found.digest);
                }
                Ok(Some(given))
            }
            Some(Err(ImageError::EngineUnreachable(why))) => Err(Fault::internal(why)),
            Some(Err(error)) => {
                give_up(task, name, &format!("CannotPullContainerError: {error}"));
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// Whether somebody stopped the task since it was read.
    async fn is_stopped(&self, key: &TaskKey) -> Result<bool> {
        Ok(self
            .get(key)
            .await?
            .is_none_or(|stored| stored.desired == Desired::Stopped))
    }
}

impl TaskControl {
    /// The ports of the host that lead to a container, where its task is connected by the engine's bridge.
    async fn bindings(&self, task: &Task, wanted: &ContainerDefinition, id: &ContainerId) -> Result<Vec<Binding>> {
        if task.host.as_ref().map(|host| host.mode) != Some(Mode::Bridge) {
            return Ok(Vec::new());
        }
        match self.runtime().inspect(id).await {
            Ok(state) => Ok(launch::bindings(&state, wanted)),
            // The next look finds out what became of it.
            Err(RuntimeError::NotFound(_)) => Ok(Vec::new()),
            Err(error) => Err(Fault::internal(error)),
        }
    }
}

fn give_up(task: &mut Task, name: &str, reason: &str) {
    if let Some(container) = container(task, name) {
        container.status = ContainerStatus::Stopped;
        container.reason = Some(reason.to_owned());
    }
    task.end(StopCode::FailedToStart, reason);
}
