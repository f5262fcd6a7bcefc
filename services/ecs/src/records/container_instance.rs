//! A container instance as it is stored: a machine that tasks are placed on.

use std::collections::BTreeMap;

use api_ecs::{
    AgentUpdateStatus, Attribute, ContainerInstanceHealthStatus, InstanceHealthCheckResult, InstanceHealthCheckState,
    InstanceHealthCheckType, Resource, VersionInfo,
};
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{signed, tags_to_api};
use crate::placement::{Instance, Left, Port};

/// A container instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContainerInstance {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The cluster's name.
    pub cluster: String,
    /// Whether tasks may be placed on it.
    pub status: InstanceStatus,
    /// Grows with every change that also makes an event.
    pub version: i64,
    /// The EC2 instance, where the instance identity document named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ec2: Option<String>,
    /// The version of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
    /// The commit of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_hash: Option<String>,
    /// The version of the container engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker_version: Option<String>,
    /// What it was registered with.
    pub resources: Resources,
    /// Its attributes.
    pub attributes: BTreeMap<String, AttributeValue>,
    /// When it was registered first.
    pub registered_at: Timestamp,
    /// When it was deregistered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The role that its agent registered it as, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// Whether tasks may be placed on a container instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InstanceStatus {
    /// They may.
    Active,
    /// No new ones, and those of services go elsewhere.
    Draining,
    /// It was deregistered; still described for a while.
    Inactive,
}

impl InstanceStatus {
    /// The status in Amazon's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
            Self::Inactive => "INACTIVE",
        }
    }
}

/// The value of an attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeValue {
    /// The value, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether a user put it there, so that a later registration keeps it.
    #[serde(default)]
    pub put: bool,
}

/// What a container instance has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// CPU units.
    pub cpu: u32,
    /// Memory in MiB.
    pub memory: u32,
    /// TCP ports that are taken by others than tasks.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// UDP ports that are taken by others than tasks.
    #[serde(default)]
    pub udp_ports: Vec<u16>,
    /// Ids of GPUs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<String>,
}

impl Record for ContainerInstance {
    const TABLE: &'static str = "ecs/container-instance";
    const VERSION: u16 = 1;
}

/// What is known of a container instance besides its record.
#[derive(Clone, Debug, Default)]
pub struct InstanceNow {
    /// Since when its agent is connected.
    pub connected_since: Option<Timestamp>,
    /// What its tasks left.
    pub left: Option<Left>,
    /// Its tasks that run.
    pub running: u32,
    /// Its tasks on their way to `RUNNING`.
    pub pending: u32,
}

/// Which optional parts of a container instance an answer shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShowInstance {
    /// The tags.
    pub tags: bool,
    /// Its health.
    pub health: bool,
}

impl ContainerInstance {
    /// The ARN.
    pub fn arn(&self, place: Place) -> String {
        crate::arn::container_instance(place, &self.cluster, &self.id)
    }

    /// Notes a change that also makes an event.
    pub fn changed(&mut self) {
        self.version += 1;
    }

    /// Whether it was not deregistered.
    pub fn is_registered(&self) -> bool {
        self.status != InstanceStatus::Inactive
    }

    /// The availability zone, where its registration named one.
    pub fn zone(&self) -> Option<&str> {
        self.attributes.get(crate::placement::ZONE)?.value.as_deref()
    }

    /// The instance as placement knows it.
    pub fn to_placement(&self, connected: bool) -> Instance {
        let attributes = self.attributes.iter();
        let taken = |ports: &[u16], udp: bool| -> Vec<Port> {
            ports.iter().map(|number| Port { udp, number: *number }).collect()
        };
        let mut all = taken(&self.resources.ports, false);
        all.extend(taken(&self.resources.udp_ports, true));
        Instance {
            id: self.id.clone(),
            ec2: self.ec2.clone(),
            active: self.status == InstanceStatus::Active,
            connected,
            agent_version: self.agent_version.clone(),
            registered_at: self.registered_at,
            attributes: attributes
                .map(|(name, attribute)| (name.clone(), attribute.value.clone().unwrap_or_default()))
                .collect(),
            total: Left {
                cpu: i64::from(self.resources.cpu),
                memory: i64::from(self.resources.memory),
                gpu: i64::try_from(self.resources.gpus.len()).unwrap_or(i64::MAX),
                taken: all,
            },
        }
    }

    /// The container instance as Amazon describes it.
    pub fn to_api(&self, place: Place, now: &InstanceNow, show: ShowInstance) -> api_ecs::ContainerInstance {
        let total = self.to_placement(false).total;
        let left = now.left.as_ref().unwrap_or(&total);
        api_ecs::ContainerInstance {
            container_instance_arn: Some(self.arn(place)),
            ec2_instance_id: self.ec2.clone(),
            version: Some(self.version),
            version_info: Some(VersionInfo {
                agent_version: self.agent_version.clone(),
                agent_hash: self.agent_hash.clone(),
                docker_version: self.docker_version.clone(),
            }),
            remaining_resources: Some(self.resources_to_api(left)),
            registered_resources: Some(self.resources_to_api(&total)),
            status: Some(self.status.as_str().to_owned()),
            agent_connected: Some(now.connected_since.is_some()),
            running_tasks_count: Some(signed(now.running)),
            pending_tasks_count: Some(signed(now.pending)),
            agent_update_status: None::<AgentUpdateStatus>,
            attributes: Some(self.attributes_to_api()),
            registered_at: Some(self.registered_at),
            attachments: Some(Vec::new()),
            tags: Some(if show.tags { tags_to_api(&self.tags) } else { Vec::new() }),
            health_status: show.health.then(|| health(now.connected_since)),
            ..api_ecs::ContainerInstance::default()
        }
    }

    /// The attributes without their target.
    fn attributes_to_api(&self) -> Vec<Attribute> {
        let attribute = |(name, attribute): (&String, &AttributeValue)| Attribute {
            name: name.clone(),
            value: attribute.value.clone(),
            ..Attribute::default()
        };
        self.attributes.iter().map(attribute).collect()
    }

    fn resources_to_api(&self, left: &Left) -> Vec<Resource> {
        let number = |name: &str, value: i64| Resource {
            name: Some(name.to_owned()),
            r#type: Some("INTEGER".to_owned()),
            double_value: Some(0.0),
            long_value: Some(0),
            integer_value: Some(i32::try_from(value).unwrap_or(i32::MAX)),
            string_set_value: None,
        };
        let set = |name: &str, values: Vec<String>| Resource {
            name: Some(name.to_owned()),
            r#type: Some("STRINGSET".to_owned()),
            double_value: Some(0.0),
            long_value: Some(0),
            integer_value: Some(0),
            string_set_value: Some(values),
        };
        let ports = |udp: bool| {
            let taken = left.taken.iter().filter(|port| port.udp == udp);
            taken.map(|port| port.number.to_string()).collect()
        };
        let mut all = vec![
            number("CPU", left.cpu),
            number("MEMORY", left.memory),
            set("PORTS", ports(false)),
            set("PORTS_UDP", ports(true)),
        ];
        if !self.resources.gpus.is_empty() {
            let free = usize::try_from(left.gpu).unwrap_or(0);
            all.push(set("GPU", self.resources.gpus.iter().take(free).cloned().collect()));
        }
        all
    }
}

/// What is known of an instance's health: its container runtime answers as long as the agent does.
fn health(connected_since: Option<Timestamp>) -> ContainerInstanceHealthStatus {
    let status = match connected_since {
        Some(_) => InstanceHealthCheckState::Ok,
        None => InstanceHealthCheckState::InsufficientData,
    };
    let details = connected_since.map(|since| {
        vec![InstanceHealthCheckResult {
            r#type: Some(InstanceHealthCheckType::ContainerRuntime),
            status: Some(status.clone()),
            last_updated: Some(since),
            last_status_change: Some(since),
            ..InstanceHealthCheckResult::default()
        }]
    });
    ContainerInstanceHealthStatus {
        overall_status: Some(status),
        details,
    }
}

impl Resources {
    /// Reads what was registered; what is missing counts as nothing.
    pub fn from_api(given: &[Resource]) -> Option<Self> {
        let find = |name: &str| given.iter().find(|resource| resource.name.as_deref() == Some(name));
        let number = |name: &str| {
            let found = find(name)?;
            u32::try_from(found.integer_value.map_or(found.long_value.unwrap_or(0), i64::from)).ok()
        };
        let set = |name: &str| {
            find(name)
                .and_then(|found| found.string_set_value.clone())
                .unwrap_or_default()
        };
        let ports = |name: &str| {
            set(name)
                .iter()
                .map(|port| port.parse().ok())
                .collect::<Option<Vec<u16>>>()
        };
        Some(Self {
            cpu: number("CPU").unwrap_or(0),
            memory: number("MEMORY").unwrap_or(0),
            ports: ports("PORTS")?,
            udp_ports: ports("PORTS_UDP")?,
            gpus: set("GPU"),
        })
    }
}
