//! What ECS stores. Records are ours and versioned; `to_api` turns them into Amazon's types, in that direction only.

mod cluster;
mod document;
mod tags;
mod task;
mod task_definition;
mod token;

pub use cluster::{Cluster, ClusterStatus, Counts, Include};
pub use document::Document;
pub use tags::{check_tags, tags_from_api, tags_to_api};
pub use task::{
    ContainerRecord, ContainerStatus, Desired, Interface, InterfaceStatus, Network, Show, StopCode, Task, TaskStatus,
    runtime_id,
};
pub use task_definition::{DefinitionStatus, Family, TaskDefinition};
pub use token::ClientToken;
