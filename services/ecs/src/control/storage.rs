//! What a task has on its machine beside containers and a network: volumes, and limits that its containers share.

use roadstead_containers::{ContainerSpec, RuntimeError, VolumeSpec};
use roadstead_core::arn::Place;
use roadstead_kernel::{Fault, Result};

use super::TaskControl;
use super::network::Setback;
use super::task::gone_is_fine;
use crate::launch;
use crate::launch::volumes::{self, Wanted};
use crate::records::{Task, TaskDefinition};

/// What a task may have on its machine, and gives back when it ends.
pub(super) fn has_any(task: &Task, definition: &TaskDefinition) -> bool {
    launch::group(task, definition).is_some() || !volumes::of_task(task, definition).is_empty()
}

impl TaskControl {
    /// Sees to it that the volumes of a container are there.
    pub(super) async fn make_volumes(
        &self,
        place: Place,
        task: &Task,
        definition: &TaskDefinition,
        container: &api_ecs::ContainerDefinition,
    ) -> Result<std::result::Result<(), Setback>> {
        for wanted in volumes::wanted(place, task, definition, container) {
            let made = match wanted {
                Wanted::OfTask(spec) => self.runtime().create_volume(spec).await.map(|()| None),
                Wanted::Shared { spec, autoprovision } => self.share_volume(spec, autoprovision).await,
            };
            match made {
                Ok(None) => {}
                Ok(Some(setback)) => return Ok(Err(setback)),
                Err(RuntimeError::Unreachable(why)) => return Err(Fault::internal(why)),
                Err(error) => return Ok(Err(format!("CannotCreateVolumeError: {error}"))),
            }
        }
        Ok(Ok(()))
    }

    /// Finds a volume that outlives tasks, or makes it where the definition says so.
    async fn share_volume(
        &self,
        spec: VolumeSpec,
        autoprovision: bool,
    ) -> std::result::Result<Option<Setback>, RuntimeError> {
        let name = spec.name.clone();
        let Some(found) = self.runtime().find_volume(&name).await? else {
            if autoprovision {
                return self.runtime().create_volume(spec).await.map(|()| None);
            }
            return Ok(Some(format!(
                "InvalidVolumeError: the shared volume '{name}' does not exist, and autoprovision is not set"
            )));
        };
        // AWS: a volume that would have been made must be the one that would have been made.
        let driver = |spec: &VolumeSpec| spec.driver.clone().unwrap_or_else(|| "local".to_owned());
        let has_labels = spec
            .labels
            .iter()
            .all(|(key, value)| found.labels.get(key) == Some(value));
        if autoprovision && !(driver(&spec) == driver(&found) && spec.options == found.options && has_labels) {
            return Ok(Some(format!(
                "InvalidVolumeError: a volume '{name}' with another driver, other options or other labels is there"
            )));
        }
        Ok(None)
    }

    /// Lets a container share the limits of its task, where the engine's host can.
    pub(super) async fn share_limits(
        &self,
        task: &Task,
        definition: &TaskDefinition,
        container: &api_ecs::ContainerDefinition,
        spec: &mut ContainerSpec,
    ) -> std::result::Result<(), RuntimeError> {
        let Some(group) = launch::group(task, definition) else {
            return Ok(());
        };
        if let Some(parent) = self.runtime().create_group(group).await? {
            launch::share_limits(spec, task, container, parent);
        }
        Ok(())
    }

    /// Gives back the volumes and the shared limits of a task whose containers are gone.
    pub(super) async fn give_back(&self, task: &Task, definition: &TaskDefinition) -> Result<()> {
        for volume in volumes::of_task(task, definition) {
            gone_is_fine(self.runtime().remove_volume(&volume).await)?;
        }
        if let Some(group) = launch::group(task, definition) {
            gone_is_fine(self.runtime().remove_group(&group.name).await)?;
        }
        Ok(())
    }
}
