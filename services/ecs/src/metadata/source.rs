//! One task, as its own containers may ask about it.

use std::collections::HashMap;
use std::sync::Arc;

use roadstead_containers::{ContainerId, ContainerState, RuntimeError};
use roadstead_kernel::{Fault, Result};
use roadstead_metadata::{
    AgentError, BoxFuture, Form, Lack, NoCredentials, Protect, Protection, RoleCredentials, Source, Target,
};
use roadstead_store::Table;
use serde_json::{Map, Value};

use super::document::{Beyond, Seen, docker_id};
use super::{Metadata, protection, sessions};
use crate::control::TaskKey;
use crate::records::{ContainerInstance, ContainerRecord, ContainerStatus, Task, TaskDefinition};
use crate::run::revision_key;
use crate::task_roles::task_role;
use crate::{launch, scope_of};

/// One task.
pub struct TaskSource {
    metadata: Arc<Metadata>,
    key: TaskKey,
    arn: String,
}

impl TaskSource {
    /// The task of a key.
    pub fn new(metadata: Arc<Metadata>, key: TaskKey) -> Self {
        let arn = crate::arn::task(key.place, &key.cluster, &key.task);
        Self { metadata, key, arn }
    }

    async fn record(&self) -> Result<Option<(Task, TaskDefinition)>> {
        let scope = scope_of(self.key.place);
        let found = self
            .metadata
            .tasks
            .get(scope.of(), &[&self.key.cluster, &self.key.task])
            .await?;
        let Some(task) = found.map(|found| found.record) else {
            return Ok(None);
        };
        let id = [task.family.as_str(), &revision_key(task.revision)];
        let definition = self.metadata.definitions.get(scope.of(), &id).await?;
        Ok(definition.map(|definition| (task, definition.record)))
    }

    /// The task, with the container that an id names.
    async fn named(&self, of: Target<'_>) -> Result<(Task, TaskDefinition, Option<String>), Lack> {
        let found = self.record().await.map_err(|fault| failed(&fault))?;
        let (task, definition) = found.ok_or_else(|| Lack::NoState(self.arn.clone()))?;
        let name = match of {
            Target::Own => None,
            Target::Endpoint(_) | Target::Docker(_) => Some(named(&task, of).ok_or(Lack::UnknownId)?.name.clone()),
        };
        Ok((task, definition, name))
    }

    /// What the engine says about the task's containers, by name; those that it does not know are left out.
    async fn engine(&self, task: &Task) -> Result<HashMap<String, ContainerState>, Lack> {
        let runtime = &self.metadata.runtime;
        let wrong = |error: RuntimeError| failed(&Fault::internal(error));
        let mut ids: HashMap<String, ContainerId> = HashMap::new();
        let unnoted = |c: &ContainerRecord| c.engine_id.is_none() && c.status == ContainerStatus::Pending;
        if task.containers.iter().any(unnoted) {
            // A container may ask before it is noted that it was made.
            let labels = [(launch::LABEL_TASK, Some(self.arn.as_str()))];
            for found in runtime.list(&labels).await.map_err(wrong)? {
                if let Some(name) = found.labels.get(launch::LABEL_CONTAINER) {
                    ids.insert(name.clone(), found.id.clone());
                }
            }
        }
        for container in &task.containers {
            if let Some(id) = &container.engine_id {
                ids.insert(container.name.clone(), ContainerId(id.clone()));
            }
        }
        let pause = task
            .interface
            .as_ref()
            .and_then(|interface| interface.wiring.pause.clone());
        ids.extend(pause.map(|pause| (launch::PAUSE.to_owned(), ContainerId(pause))));
        let mut states = HashMap::new();
        let names = task.containers.iter().map(|container| container.name.as_str());
        for name in names.chain([launch::PAUSE]) {
            let Some(id) = ids.get(name) else { continue };
            match runtime.inspect(id).await {
                Ok(state) => {
                    states.insert(name.to_owned(), state);
                }
                Err(RuntimeError::NotFound(_)) => {}
                Err(error) => return Err(wrong(error)),
            }
        }
        Ok(states)
    }

    /// What is told of the task beyond its record and the engine's word on its containers.
    async fn beyond(&self, task: &Task, engine: &HashMap<String, ContainerState>, with_tags: bool) -> Beyond {
        let Metadata {
            kernel, runtime, disks, ..
        } = &*self.metadata;
        let now = kernel.clock().now();
        let mut beyond = Beyond {
            now: Some(now),
            ..Beyond::default()
        };
        match &task.host {
            None => beyond.disk = disks.used(&**runtime, &task.id, engine, now).await,
            Some(host) if with_tags => {
                let instances = Table::<ContainerInstance>::new(Arc::clone(self.metadata.tasks.store()));
                let id = [task.cluster.as_str(), host.instance.as_str()];
                if let Ok(Some(found)) = instances.get(scope_of(self.key.place).of(), &id).await {
                    beyond.instance_tags = found.record.tags;
                }
            }
            Some(_) => {}
        }
        beyond
    }

    async fn stats_of(&self, task: &Task, state: &ContainerState, form: Form) -> Option<Value> {
        let used = self.metadata.runtime.stats(&state.id).await.ok()?;
        let eni = task.interface.as_ref().and_then(|interface| interface.eni.as_deref());
        let carried = match (&self.metadata.net, eni) {
            (Some(net), Some(eni)) => net.carried(eni).await.ok().flatten(),
            _ => None,
        };
        let id = state.id.0.as_str();
        Some(self.metadata.samples.tell(id, &state.name, used, carried, form))
    }
}

/// The container of a task that an id names. All are compared, so that time tells nothing.
fn named<'a>(task: &'a Task, of: Target<'_>) -> Option<&'a ContainerRecord> {
    let is_it = |container: &ContainerRecord| match of {
        Target::Endpoint(id) => container.endpoint.is(id),
        Target::Docker(id) => docker_id(task, container, None) == id,
        Target::Own => false,
    };
    task.containers.iter().fold(
        None,
        |found, container| if is_it(container) { Some(container) } else { found },
    )
}

fn failed(fault: &Fault) -> Lack {
    tracing::warn!(%fault, "task metadata could not be told");
    Lack::Failed
}

impl Source for TaskSource {
    fn task_arn(&self) -> &str {
        &self.arn
    }

    fn container<'a>(&'a self, of: Target<'a>, form: Form) -> BoxFuture<'a, Result<Value, Lack>> {
        Box::pin(async move {
            let (task, definition, name) = self.named(of).await?;
            let engine = self.engine(&task).await?;
            let seen = Seen {
                place: self.key.place,
                task: &task,
                definition: &definition,
                engine: &engine,
                beyond: Beyond::default(),
            };
            let record = task.containers.iter().find(|c| Some(&c.name) == name.as_ref());
            let record = record.ok_or(Lack::UnknownId)?;
            seen.container(record, form)
                .ok_or_else(|| Lack::NoState(docker_id(&task, record, None)))
        })
    }

    fn task<'a>(&'a self, of: Target<'a>, form: Form, with_tags: bool) -> BoxFuture<'a, Result<Value, Lack>> {
        Box::pin(async move {
            let (task, definition, _) = self.named(of).await?;
            let engine = self.engine(&task).await?;
            let seen = Seen {
                place: self.key.place,
                task: &task,
                definition: &definition,
                engine: &engine,
                beyond: if form == Form::V4 || with_tags {
                    self.beyond(&task, &engine, with_tags).await
                } else {
                    Beyond::default()
                },
            };
            Ok(seen.task(form, with_tags))
        })
    }

    fn container_stats<'a>(&'a self, of: Target<'a>, form: Form) -> BoxFuture<'a, Result<Value, Lack>> {
        Box::pin(async move {
            let (task, _, name) = self.named(of).await?;
            let engine = self.engine(&task).await?;
            let name = name.ok_or(Lack::UnknownId)?;
            let id = |container| docker_id(&task, container, None);
            let id = task
                .containers
                .iter()
                .find(|c| c.name == name)
                .map(id)
                .unwrap_or_default();
            let state = engine.get(&name).ok_or_else(|| Lack::NoState(id.clone()))?;
            let told = self.stats_of(&task, state, form).await;
            told.ok_or(Lack::NoState(id))
        })
    }

    fn task_stats<'a>(&'a self, of: Target<'a>, form: Form) -> BoxFuture<'a, Result<Value, Lack>> {
        Box::pin(async move {
            let (task, _, _) = self.named(of).await?;
            let engine = self.engine(&task).await?;
            let mut all = Map::new();
            for container in &task.containers {
                let Some(state) = engine.get(&container.name) else {
                    continue;
                };
                let none = if form == Form::V4 {
                    Value::Object(Map::new())
                } else {
                    Value::Null
                };
                let told = self.stats_of(&task, state, form).await.unwrap_or(none);
                all.insert(docker_id(&task, container, Some(state)), told);
            }
            Ok(Value::Object(all))
        })
    }

    fn credentials<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<RoleCredentials, NoCredentials>> {
        Box::pin(async move {
            let found = self.record().await.map_err(|fault| {
                failed(&fault);
                NoCredentials::Failed
            })?;
            let (task, definition) = found.ok_or(NoCredentials::UnknownId)?;
            let role = task_role(&task, &definition).filter(|_| task.credentials.is(id));
            let Some(role_arn) = role else {
                tracing::info!(
                    task = self.arn,
                    event = "GetCredentialsInvalidRoleType",
                    "credentials were refused"
                );
                return Err(NoCredentials::UnknownId);
            };
            let Metadata { kernel, sessions, .. } = &*self.metadata;
            match sessions.credentials(kernel, self.key.place, &role_arn, &task).await {
                Ok(given) => {
                    tracing::info!(
                        task = self.arn,
                        role_arn,
                        event = "GetCredentials",
                        "credentials were given"
                    );
                    Ok(RoleCredentials {
                        role_arn,
                        expiration: sessions::expires(&given),
                        access_key_id: given.access_key_id,
                        secret_access_key: given.secret_access_key,
                        token: given.session_token,
                    })
                }
                Err(Fault::Api(error)) => {
                    tracing::warn!(
                        task = self.arn,
                        role_arn,
                        error = error.message,
                        "a role could not be assumed"
                    );
                    Err(NoCredentials::Uninitialized)
                }
                Err(fault) => {
                    failed(&fault);
                    Err(NoCredentials::Failed)
                }
            }
        })
    }

    fn protection<'a>(&'a self, of: &'a str, change: Option<Protect>) -> BoxFuture<'a, Result<Protection, AgentError>> {
        Box::pin(async move {
            let found = self.record().await.map_err(|fault| {
                failed(&fault);
                AgentError::Failed
            })?;
            let (task, definition) = found.ok_or(AgentError::UnknownId)?;
            named(&task, Target::Endpoint(of)).ok_or(AgentError::UnknownId)?;
            let role = task_role(&task, &definition).ok_or(AgentError::NoRole)?;
            protection::ask(&self.metadata.kernel, self.key.place, &role, &task, change).await
        })
    }
}
