//! `ECS Task State Change`: the task as it is described, in the order and form of events.

use api_ecs::{Attachment, Container};
use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_wire::{Structure, to_json};
use serde::Serialize;
use serde_json::value::RawValue;

use super::iso;
use super::outbox::Told;
use crate::records::{Desired, InterfaceStatus, Show, Task, TaskStatus};

/// The event that a written task makes: one for each new version.
pub fn told(place: Place, before: Option<&Task>, after: &Task, now: Timestamp) -> Option<Told> {
    if before.is_some_and(|before| before.version >= after.version) {
        return None;
    }
    let at = updated_at(before, after, now);
    let detail = Detail::of(place, after, at);
    Some(Told {
        kind: "ECS Task State Change".to_owned(),
        at,
        resource: after.arn(place),
        detail: serde_json::to_string(&detail).ok()?,
    })
}

/// When the version came to be.
// AWS: recorded; the first is as old as the task, the stop as its decision, the last as its end.
fn updated_at(before: Option<&Task>, after: &Task, now: Timestamp) -> Timestamp {
    let Some(before) = before else {
        return after.created_at;
    };
    let stopped = after.stopped_at.filter(|_| before.status != TaskStatus::Stopped);
    let stopping = after.stopping_at.filter(|_| before.desired != Desired::Stopped);
    stopped.or(stopping).unwrap_or(now)
}

/// A value of the API as it is written on the wire.
type Raw = Box<RawValue>;

fn raw(value: &dyn Structure) -> Option<Raw> {
    RawValue::from_string(String::from_utf8(to_json(value)).ok()?).ok()
}

fn raws<'a, T: Structure + 'a>(values: impl IntoIterator<Item = &'a T>) -> Vec<Raw> {
    values.into_iter().filter_map(|value| raw(value)).collect()
}

/// The detail; members are written in this order.
// AWS: recorded.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    attachments: Vec<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Vec<Raw>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    availability_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity_provider_name: Option<String>,
    cluster_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connectivity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connectivity_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container_instance_arn: Option<String>,
    containers: Vec<ContainerDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<String>,
    created_at: Option<String>,
    desired_status: Option<String>,
    enable_execute_command: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ephemeral_storage: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_stopped_at: Option<String>,
    group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    launch_type: Option<String>,
    last_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<String>,
    overrides: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_stopped_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopping_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_code: Option<String>,
    task_arn: Option<String>,
    task_definition_arn: Option<String>,
    updated_at: String,
    version: Option<i64>,
}

/// A container in the detail; members are written in this order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ContainerDetail {
    container_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    last_status: Option<String>,
    name: Option<String>,
    image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runtime_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    task_arn: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    network_bindings: Vec<Raw>,
    network_interfaces: Vec<Raw>,
    cpu: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<String>,
}

impl Detail {
    fn of(place: Place, task: &Task, updated_at: Timestamp) -> Self {
        let show = Show {
            health: false,
            tags: false,
        };
        let api = task.to_api(place, show);
        let time = |at: Option<Timestamp>| at.map(iso);
        let overrides = api.overrides.map(|shown| api_ecs::TaskOverride {
            inference_accelerator_overrides: None,
            ..shown
        });
        let attachments = api
            .attachments
            .unwrap_or_default()
            .into_iter()
            .map(|shown| attachment(task, shown));
        let attachments: Vec<Attachment> = attachments.collect();
        Self {
            attachments: raws(&attachments),
            attributes: api.attributes.as_ref().map(raws),
            availability_zone: api.availability_zone,
            capacity_provider_name: api.capacity_provider_name,
            cluster_arn: api.cluster_arn,
            connectivity: api.connectivity.map(|connectivity| connectivity.as_str().to_owned()),
            connectivity_at: time(api.connectivity_at),
            container_instance_arn: api.container_instance_arn,
            containers: api
                .containers
                .unwrap_or_default()
                .into_iter()
                .map(ContainerDetail::of)
                .collect(),
            cpu: api.cpu,
            created_at: time(api.created_at),
            desired_status: api.desired_status,
            enable_execute_command: api.enable_execute_command,
            ephemeral_storage: api.ephemeral_storage.as_ref().and_then(|storage| raw(storage)),
            execution_stopped_at: time(api.execution_stopped_at),
            group: api.group,
            launch_type: api.launch_type.map(|kind| kind.as_str().to_owned()),
            last_status: api.last_status,
            memory: api.memory,
            overrides: overrides.as_ref().and_then(|overrides| raw(overrides)),
            platform_version: api.platform_version,
            pull_started_at: time(api.pull_started_at),
            pull_stopped_at: time(api.pull_stopped_at),
            started_at: time(api.started_at),
            started_by: api.started_by,
            stopping_at: time(api.stopping_at),
            stopped_at: time(api.stopped_at),
            stopped_reason: api.stopped_reason,
            stop_code: api.stop_code.map(|code| code.as_str().to_owned()),
            task_arn: api.task_arn,
            task_definition_arn: api.task_definition_arn,
            updated_at: iso(updated_at),
            version: api.version,
        }
    }
}

impl ContainerDetail {
    fn of(shown: Container) -> Self {
        Self {
            network_bindings: raws(shown.network_bindings.iter().flatten()),
            network_interfaces: raws(shown.network_interfaces.iter().flatten()),
            container_arn: shown.container_arn,
            exit_code: shown.exit_code,
            last_status: shown.last_status,
            name: shown.name,
            image: shown.image,
            image_digest: shown.image_digest,
            runtime_id: shown.runtime_id,
            reason: shown.reason,
            task_arn: shown.task_arn,
            cpu: shown.cpu,
            memory: shown.memory,
        }
    }
}

/// An attachment as events show it.
// AWS: recorded; it is called `eni`, and of its way only the ends show: `PRECREATED`, `ATTACHED`, `DELETED`.
fn attachment(task: &Task, shown: Attachment) -> Attachment {
    let status = task.interface.as_ref().map(|interface| match interface.status {
        InterfaceStatus::Precreated => "PRECREATED",
        InterfaceStatus::Deleted => "DELETED",
        InterfaceStatus::Created
        | InterfaceStatus::Attached
        | InterfaceStatus::Detaching
        | InterfaceStatus::Detached => "ATTACHED",
    });
    Attachment {
        r#type: Some("eni".to_owned()),
        status: status.map(ToOwned::to_owned).or(shown.status),
        ..shown
    }
}
