//! What ECS stores. Records are ours and versioned; `to_api` turns them into Amazon's types, in that direction only.

mod account_setting;
mod capacity_provider;
mod cluster;
mod container_instance;
mod digest;
mod document;
mod interface;
mod log;
mod service;
mod service_deployment;
mod service_event;
mod service_revision;
mod tags;
mod task;
mod task_definition;
mod task_head;
mod task_set;
mod token;

pub use account_setting::{AccountSetting, KNOWN, KnownSetting};
pub use capacity_provider::{BUILT_IN, CapacityProvider, built_in_to_api};
pub use cluster::{Cluster, ClusterStatus, Counted, Counts, Include};
pub use container_instance::{AttributeValue, ContainerInstance, InstanceNow, InstanceStatus, Resources, ShowInstance};
pub use digest::digest;
pub use document::Document;
pub use interface::{Interface, InterfaceStatus, Network, Wiring};
pub use log::{LogCursor, LogSink};
pub use service::{
    Cause, Deployment, DeploymentStatus, Launch, Member, Rollout, Service, ServiceStatus, Settings, ShowService,
    Throttle, signed,
};
pub use service_deployment::{Progress, Rollback, ServiceDeployment};
pub use service_event::{ServiceEvent, ServiceEvents};
pub use service_revision::ServiceRevision;
pub use tags::{checked_tags, tags_as_given, tags_from_api, tags_to_api};
pub use task::{
    Binding, ContainerRecord, ContainerStatus, Desired, Host, Mode, Show, StopCode, Task, TaskStatus, runtime_id,
};
pub use task_definition::{DefinitionStatus, Family, TaskDefinition};
pub use task_head::TaskHead;
pub use task_set::{SetStatus, TaskSet, computed_count};
pub use token::{ClientToken, REMEMBERED, TokenAge, is_over};
