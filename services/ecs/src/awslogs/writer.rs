//! As whom the output of a task is delivered: its execution role, or else the role of the container instance it is on.

use std::sync::Arc;

use roadstead_core::Region;
use roadstead_core::arn::Place;
use roadstead_kernel::{Behalf, Kernel, Result};
use roadstead_store::Table;

use crate::records::{ContainerInstance, Task, TaskDefinition};
use crate::{scope_of, task_roles};

/// Who gives an instance the credentials of its role, as trust policies name it.
const EC2: &str = "ec2.amazonaws.com";
/// The role of container instances as AWS's console makes it, for those that were registered by nobody who has a role.
// AWS: documented.
const USUAL: &str = "role/ecsInstanceRole";

/// As whom output is delivered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Writer {
    /// The task's execution role.
    Execution(String),
    /// The role of its container instance.
    Instance {
        /// The role's ARN.
        role: String,
        /// The EC2 instance's id, or the container instance's, by which sessions of the role are called.
        machine: String,
    },
}

impl Writer {
    /// As whom the output of a task is delivered; nobody for a task on Fargate that has no execution role.
    // AWS: documented; without an execution role the agent uses the role of its instance.
    pub async fn of(
        instances: &Table<ContainerInstance>,
        place: Place,
        task: &Task,
        definition: &TaskDefinition,
    ) -> Result<Option<Self>> {
        if let Some(role) = task_roles::execution_role(task, definition) {
            return Ok(Some(Self::Execution(role)));
        }
        let Some(host) = &task.host else {
            return Ok(None);
        };
        let id = [task.cluster.as_str(), host.instance.as_str()];
        let found = instances
            .get(scope_of(place).of(), &id)
            .await?
            .map(|found| found.record);
        let (role, machine) = found.map(|found| (found.role, found.ec2)).unwrap_or_default();
        Ok(Some(Self::Instance {
            role: role.unwrap_or_else(|| place.global_arn("iam", USUAL)),
            machine: machine.unwrap_or_else(|| host.instance.clone()),
        }))
    }

    /// Acts as the role in a region of the task's account.
    pub async fn act(&self, kernel: &Arc<Kernel>, place: Place, region: Region, task: &Task) -> Result<Behalf> {
        match self {
            Self::Execution(role) => task_roles::act_as_within(kernel, place, region, role, task).await,
            Self::Instance { role, machine } => {
                let within = Place { region, ..place };
                Behalf::assume(kernel, EC2, within, role, machine).await
            }
        }
    }

    /// What is said where the role cannot be assumed.
    pub fn refused(&self) -> String {
        match self {
            Self::Execution(role) => task_roles::unable_to_assume(role),
            Self::Instance { role, .. } => super::stream::invalid(&format!(
                "the task has no execution role, and the container instance cannot act as the role '{role}'"
            )),
        }
    }
}
