//! A task definition's revision as it is stored, and the family that counts its revisions.

use api_ecs::{
    Attribute, Compatibility, ContainerDefinition, NetworkMode, RegisterTaskDefinitionRequest, TaskDefinitionStatus,
};
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::Document;
use crate::register::{compatibilities, requires_attributes};

/// One revision of a task definition.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// The revision, from 1.
    pub revision: u32,
    /// Whether it can be used.
    pub status: DefinitionStatus,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// The ARN of the caller who registered it.
    pub registered_by: String,
    /// When it was deregistered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deregistered_at: Option<Timestamp>,
    /// When its deletion was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_requested_at: Option<Timestamp>,
    /// What was registered, defaults filled in, without its tags.
    pub document: Document<RegisterTaskDefinitionRequest>,
    /// The tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// Whether a task definition can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DefinitionStatus {
    /// It can.
    Active,
    /// It was deregistered: what uses it goes on, nothing new may.
    Inactive,
    /// Its deletion was asked.
    DeleteInProgress,
}

impl DefinitionStatus {
    /// The status in Amazon's words.
    pub fn to_api(self) -> TaskDefinitionStatus {
        match self {
            Self::Active => TaskDefinitionStatus::Active,
            Self::Inactive => TaskDefinitionStatus::Inactive,
            Self::DeleteInProgress => TaskDefinitionStatus::DeleteInProgress,
        }
    }
}

impl Record for TaskDefinition {
    const TABLE: &'static str = "ecs/task-definition";
    const VERSION: u16 = 1;
}

/// A family: the last revision that was ever given out, so that none is used twice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Family {
    /// The last revision.
    pub last: u32,
    /// The newest revision that is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_active: Option<u32>,
}

impl Record for Family {
    const TABLE: &'static str = "ecs/family";
    const VERSION: u16 = 1;
}

impl TaskDefinition {
    /// The family.
    pub fn family(&self) -> &str {
        &self.document.0.family
    }

    /// The ARN.
    pub fn arn(&self, place: Place) -> String {
        crate::arn::task_definition(place, self.family(), self.revision)
    }

    /// The containers.
    pub fn containers(&self) -> &[ContainerDefinition] {
        &self.document.0.container_definitions
    }

    /// Whether its tasks have a network interface of their own.
    pub fn is_awsvpc(&self) -> bool {
        self.document.0.network_mode == Some(NetworkMode::Awsvpc)
    }

    /// What a container instance must offer to run its tasks.
    pub fn required_attributes(&self) -> Vec<Attribute> {
        requires_attributes(&self.document.0)
    }

    /// Whether tasks of the definition can run there.
    pub fn is_compatible(&self, with: &Compatibility) -> bool {
        compatibilities(&self.document.0).contains(with)
    }

    /// The revision as Amazon describes it.
    pub fn to_api(&self, place: Place) -> api_ecs::TaskDefinition {
        let given = &self.document.0;
        api_ecs::TaskDefinition {
            task_definition_arn: Some(self.arn(place)),
            container_definitions: Some(given.container_definitions.clone()),
            family: Some(given.family.clone()),
            task_role_arn: given.task_role_arn.clone(),
            execution_role_arn: given.execution_role_arn.clone(),
            network_mode: given.network_mode.clone(),
            revision: i32::try_from(self.revision).ok(),
            volumes: Some(given.volumes.clone().unwrap_or_default()),
            status: Some(self.status.to_api()),
            // AWS: recorded; absent of a plain bridge definition.
            requires_attributes: Some(self.required_attributes()).filter(|list| !list.is_empty()),
            placement_constraints: Some(given.placement_constraints.clone().unwrap_or_default()),
            compatibilities: Some(compatibilities(given)),
            runtime_platform: given.runtime_platform.clone(),
            requires_compatibilities: given.requires_compatibilities.clone(),
            cpu: given.cpu.clone(),
            memory: given.memory.clone(),
            inference_accelerators: given.inference_accelerators.clone(),
            pid_mode: given.pid_mode.clone(),
            ipc_mode: given.ipc_mode.clone(),
            proxy_configuration: given.proxy_configuration.clone(),
            registered_at: Some(self.registered_at),
            deregistered_at: self.deregistered_at,
            delete_requested_at: self.delete_requested_at,
            registered_by: Some(self.registered_by.clone()),
            ephemeral_storage: given.ephemeral_storage.clone(),
            enable_fault_injection: given.enable_fault_injection,
            previous_status: None,
        }
    }
}
