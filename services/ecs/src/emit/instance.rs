//! `ECS Container Instance State Change`: the container instance as it is described, in the form of events.

use api_ecs::{Attribute, ContainerInstance as Described, Resource, VersionInfo};
use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_wire::{Structure, to_json};
use serde::Serialize;
use serde_json::value::RawValue;

use super::iso;
use super::outbox::Told;
use crate::records::{ContainerInstance, InstanceNow, ShowInstance};

/// The event that a written container instance makes: one for each new version.
pub fn told(
    place: Place,
    before: Option<&ContainerInstance>,
    after: &ContainerInstance,
    known: &InstanceNow,
    now: Timestamp,
) -> Option<Told> {
    if before.is_some_and(|before| before.version >= after.version) {
        return None;
    }
    let detail = Detail::of(after.to_api(place, known, ShowInstance::default()), now);
    Some(Told {
        kind: "ECS Container Instance State Change".to_owned(),
        at: now,
        resource: after.arn(place),
        detail: serde_json::to_string(&detail).ok()?,
    })
}

/// The detail; members are written in this order.
// AWS: documented by an example, which leaves out counts of tasks and tags.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    agent_connected: Option<bool>,
    attributes: Vec<Box<RawValue>>,
    cluster_arn: Option<String>,
    container_instance_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ec2_instance_id: Option<String>,
    registered_resources: Vec<Box<RawValue>>,
    remaining_resources: Vec<Box<RawValue>>,
    status: Option<String>,
    version: Option<i64>,
    version_info: Option<Box<RawValue>>,
    updated_at: String,
}

impl Detail {
    fn of(shown: Described, now: Timestamp) -> Self {
        let cluster = shown.container_instance_arn.as_deref().and_then(cluster_arn);
        Self {
            agent_connected: shown.agent_connected,
            attributes: shown.attributes.iter().flatten().filter_map(raw::<Attribute>).collect(),
            cluster_arn: cluster,
            registered_resources: resources(shown.registered_resources),
            remaining_resources: resources(shown.remaining_resources),
            container_instance_arn: shown.container_instance_arn,
            ec2_instance_id: shown.ec2_instance_id,
            status: shown.status,
            version: shown.version,
            version_info: shown.version_info.as_ref().and_then(raw::<VersionInfo>),
            updated_at: iso(now),
        }
    }
}

/// The ARN of the cluster in the ARN of an instance.
fn cluster_arn(instance: &str) -> Option<String> {
    let (head, tail) = instance.split_once(":container-instance/")?;
    let (cluster, _) = tail.split_once('/')?;
    Some(format!("{head}:cluster/{cluster}"))
}

/// Resources without the values of other types than their own.
fn resources(all: Option<Vec<Resource>>) -> Vec<Box<RawValue>> {
    let plain = |resource: Resource| Resource {
        double_value: None,
        long_value: None,
        integer_value: resource.integer_value.filter(|_| resource.string_set_value.is_none()),
        ..resource
    };
    let all = all.into_iter().flatten().map(plain);
    all.filter_map(|resource| raw(&resource)).collect()
}

/// A value of the API as it is written on the wire.
fn raw<T: Structure>(value: &T) -> Option<Box<RawValue>> {
    RawValue::from_string(String::from_utf8(to_json(value)).ok()?).ok()
}
