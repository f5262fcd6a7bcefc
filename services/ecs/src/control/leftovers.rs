//! Containers that a crash left behind: those of tasks that are no more.

use roadstead_core::Arn;
use roadstead_kernel::{Fault, Result};

use super::task::gone_is_fine;
use super::{TaskControl, TaskKey};
use crate::launch::LABEL_TASK;
use crate::records::TaskStatus;

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
    /// Removes the containers of this installation whose task has ended or was never recorded.
    ///
    /// INVARIANT: a task is recorded before its first container is made; so a container that was listed, and whose task
    /// is then not found, has none.
    pub(super) async fn remove_leftovers(&self) -> Result<()> {
        let runtime = self.runtime();
        for container in runtime.list(&[(LABEL_TASK, None)]).await.map_err(Fault::internal)? {
            let task = match key_of(container.labels.get(LABEL_TASK)) {
                Some(key) => self.get(&key).await?,
                None => None,
            };
            if task.is_none_or(|task| task.status == TaskStatus::Stopped) {
                tracing::info!(container = container.name, "removing a container whose task is no more");
                gone_is_fine(runtime.remove(&container.id).await)?;
            }
        }
        Ok(())
    }
}
