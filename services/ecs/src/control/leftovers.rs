//! What a crash left behind at the engine: containers, volumes and shared limits of tasks that are no more.

use std::collections::HashSet;

use roadstead_core::Arn;
use roadstead_kernel::{Fault, Result};

use super::network::made_for;
use super::task::gone_is_fine;
use super::{TaskControl, TaskKey};
use crate::launch::LABEL_TASK;
use crate::records::{ContainerStatus, Task, TaskStatus};

/// The task that a container's label names.
pub(super) fn key_of(label: Option<&String>) -> Option<TaskKey> {
    let arn = Arn::parse(label?)?;
    let (cluster, task) = arn.resource.strip_prefix("task/")?.split_once('/')?;
    Some(TaskKey {
        place: arn.place()?,
        cluster: cluster.to_owned(),
        task: task.to_owned(),
    })
}

impl TaskControl {
    /// Removes what this installation has at the engine for tasks that have ended or were never recorded.
    ///
    /// INVARIANT: a task is recorded before anything is made for it; so what was listed, and whose task is then not
    /// found, has none.
    pub async fn remove_leftovers(&self) -> Result<()> {
        let runtime = self.runtime();
        for container in runtime.list(&[(LABEL_TASK, None)]).await.map_err(Fault::internal)? {
            if self.is_over(key_of(container.labels.get(LABEL_TASK))).await? {
                tracing::info!(container = container.name, "removing a container whose task is no more");
                gone_is_fine(runtime.remove(&container.id).await)?;
            }
        }
        for volume in runtime
            .list_volumes(&[(LABEL_TASK, None)])
            .await
            .map_err(Fault::internal)?
        {
            if self.is_over(key_of(volume.labels.get(LABEL_TASK))).await? {
                tracing::info!(volume = volume.name, "removing a volume whose task is no more");
                gone_is_fine(runtime.remove_volume(&volume.name).await)?;
            }
        }
        let groups = runtime.list_groups().await.map_err(Fault::internal)?;
        if groups.is_empty() {
            return Ok(());
        }
        let mut living = HashSet::new();
        for key in self.all().await? {
            if !self.is_over(Some(key.clone())).await? {
                living.insert(key.task);
            }
        }
        for group in groups.into_iter().filter(|group| !living.contains(group)) {
            gone_is_fine(runtime.remove_group(&group).await)?;
        }
        Ok(())
    }

    /// Removes at the engine what an attempt made that did not come to note it, of a container that is given up.
    pub(super) async fn remove_unnoted(&self, task: &Task, key: &TaskKey, name: &str) -> Result<()> {
        let is_unnoted = task.containers.iter().any(|container| {
            container.name == name && container.status == ContainerStatus::Stopped && container.engine_id.is_none()
        });
        if !is_unnoted {
            return Ok(());
        }
        let runtime = self.runtime();
        let found = made_for(runtime, &task.arn(key.place), name).await;
        for container in found.map_err(Fault::internal)? {
            gone_is_fine(runtime.remove(&container.id).await)?;
        }
        Ok(())
    }

    /// Whether a task has ended, or never was.
    async fn is_over(&self, key: Option<TaskKey>) -> Result<bool> {
        let task = match key {
            Some(key) => self.get(&key).await?,
            None => None,
        };
        Ok(task.is_none_or(|task| task.status == TaskStatus::Stopped))
    }
}
