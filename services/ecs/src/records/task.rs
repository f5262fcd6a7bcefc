//! A task as it is stored: where it is on its way, its containers and its network interface.

use api_ecs::{
    Attribute, Connectivity, Container, EphemeralStorage, HealthStatus, LaunchType, NetworkBinding, NetworkInterface,
    TaskEphemeralStorage, TaskOverride, TaskStopCode, TransportProtocol,
};
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_metadata::Secret;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{Document, Interface, InterfaceStatus, LogSink, tags_to_api};
use crate::placement::{Kind, Port};

/// The platform that every task here runs on, in Fargate's words.
const PLATFORM_VERSION: &str = "1.4.0";
/// Disk of a task that asks for none in particular, in GiB.
const EPHEMERAL_GIB: i32 = 20;

/// A task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The cluster's name.
    pub cluster: String,
    /// The family of its definition.
    pub family: String,
    /// The revision of its definition.
    pub revision: u32,
    /// Where it is on its way.
    pub status: TaskStatus,
    /// Where it shall be.
    pub desired: Desired,
    /// Grows with every change that also makes an event.
    pub version: i64,
    /// `family:<family>` or `service:<name>`, or what the caller gave.
    pub group: String,
    /// Who started it, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
    /// The capacity provider, where a strategy chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_provider: Option<String>,
    /// CPU units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Memory in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// Whether its definition asks for ARM64.
    #[serde(default)]
    pub arm64: bool,
    /// The disk it asked for, in GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral_gib: Option<i32>,
    /// Its containers, in the order of the definition.
    pub containers: Vec<ContainerRecord>,
    /// What was overridden.
    pub overrides: Document<TaskOverride>,
    /// Its network interface, with network mode `awsvpc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<Interface>,
    /// The container instance that it was placed on; without one it runs as Fargate does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Host>,
    /// Whether ECS tags its resources.
    #[serde(default)]
    pub managed_tags: bool,
    /// Whether ECS Exec was enabled.
    #[serde(default)]
    pub exec: bool,
    /// Whether it gave back its volumes and the limits that its containers shared.
    #[serde(default)]
    pub gave_back: bool,
    /// The tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// When RunTask accepted it.
    pub created_at: Timestamp,
    /// When the first image was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_started_at: Option<Timestamp>,
    /// When the last image was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_stopped_at: Option<Timestamp>,
    /// When all essential containers ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was decided that it stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping_at: Option<Timestamp>,
    /// When its last container ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_stopped_at: Option<Timestamp>,
    /// When it was `STOPPED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Timestamp>,
    /// Why it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<(StopCode, String)>,
    /// Why it ends by itself: shown once its last container has ended, unless somebody stops it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<(StopCode, String)>,
    /// When a change of its containers makes a version of its own, unless another version shows it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untold: Option<Timestamp>,
    /// Until when its service must not stop it, if it is protected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected_until: Option<Timestamp>,
    /// Names the credentials of its role to its containers.
    #[serde(default, skip_serializing_if = "Secret::is_empty")]
    pub credentials: Secret,
}

/// The container instance that a task was placed on, and what it takes there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The instance's id.
    pub instance: String,
    /// Which launch type means such an instance.
    pub kind: Kind,
    /// Its availability zone, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// How the task is connected.
    pub mode: Mode,
    /// CPU units.
    pub cpu: u32,
    /// Memory in MiB.
    pub memory: u32,
    /// GPUs.
    #[serde(default)]
    pub gpu: u32,
    /// Ports of the host that the definition names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
}

/// How the containers of a task are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// By a network interface of the task's own.
    Awsvpc,
    /// By the engine's bridge, with ports of the host.
    Bridge,
    /// By the host's network.
    Host,
    /// Not at all.
    None,
}

/// A port of the host that leads to a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The host's address.
    pub ip: String,
    /// The container's port.
    pub container: u16,
    /// The host's port.
    pub host: u16,
    /// Whether it is UDP's; TCP's otherwise.
    #[serde(default)]
    pub udp: bool,
    /// How many ports after these belong to them, where a range is bound as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<u16>,
}

/// Where a task is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TaskStatus {
    /// Its network interface is being made.
    Provisioning,
    /// Images are pulled and containers made.
    Pending,
    /// All essential containers run.
    Running,
    /// Its network interface is being removed.
    Deprovisioning,
    /// It ended.
    Stopped,
}

impl TaskStatus {
    /// The status in Amazon's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// Where a task shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Desired {
    /// Running.
    Running,
    /// Stopped.
    Stopped,
}

impl Desired {
    /// The status in Amazon's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// The kinds of reasons for which tasks stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopCode {
    /// It never ran.
    FailedToStart,
    /// A container that the task cannot do without ended.
    EssentialExited,
    /// A user asked.
    User,
    /// The service's scheduler asked.
    Scheduler,
    /// Its container instance was deregistered; AWS gives no code.
    Deregistered,
}

impl StopCode {
    fn to_api(self) -> Option<TaskStopCode> {
        match self {
            Self::FailedToStart => Some(TaskStopCode::TaskFailedToStart),
            Self::EssentialExited => Some(TaskStopCode::EssentialContainerExited),
            Self::User => Some(TaskStopCode::UserInitiated),
            Self::Scheduler => Some(TaskStopCode::ServiceSchedulerInitiated),
            Self::Deregistered => None,
        }
    }
}

/// A container of a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContainerRecord {
    /// The UUID in its ARN.
    pub id: String,
    /// Names it in the paths of its metadata.
    #[serde(default, skip_serializing_if = "Secret::is_empty")]
    pub endpoint: Secret,
    /// The name in the definition.
    pub name: String,
    /// The image in the definition.
    pub image: String,
    /// CPU units in the definition.
    pub cpu: i32,
    /// The hard memory limit in the definition, in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<i32>,
    /// The soft memory limit in the definition, in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_reservation: Option<i32>,
    /// Whether the task ends with it.
    pub essential: bool,
    /// Where it is.
    pub status: ContainerStatus,
    /// The engine's id, once it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_id: Option<String>,
    /// The image's digest, once it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The exit code, if its process ran and ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why it is as it is, where that needs saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether its image was asked for.
    #[serde(default)]
    pub tried: bool,
    /// Whether it has a health check.
    #[serde(default)]
    pub checked: bool,
    /// What its health check says: absent without one, and before it says anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<bool>,
    /// Since when it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy_since: Option<Timestamp>,
    /// When it was sent the stop signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signalled_at: Option<Timestamp>,
    /// When its process was last started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// How often its restart policy had it started again.
    #[serde(default)]
    pub restarts: u32,
    /// Whether it ended and is to be started again.
    #[serde(default)]
    pub restart_due: bool,
    /// When its process ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Where its output goes, with the log driver `awslogs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogSink>,
    /// The engine's id, kept after it was removed there; of tasks on container instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_id: Option<String>,
    /// Ports of the host that lead to it, with network mode `bridge`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bindings: Vec<Binding>,
}

/// Where a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContainerStatus {
    /// Not started.
    Pending,
    /// Running.
    Running,
    /// Ended, or given up.
    Stopped,
}

impl ContainerStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
        }
    }
}

impl Record for Task {
    const TABLE: &'static str = "ecs/task";
    const VERSION: u16 = 1;
}

/// Which optional parts of a task an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Show {
    /// The health status: in DescribeTasks alone (recorded).
    pub health: bool,
    /// The tags.
    pub tags: bool,
}

impl Task {
    /// The ARN.
    pub fn arn(&self, place: Place) -> String {
        crate::arn::task(place, &self.cluster, &self.id)
    }

    /// Notes a change that also makes an event.
    pub fn changed(&mut self) {
        self.version += 1;
        self.untold = None;
    }

    /// Notes a change of a container, to be told at the latest then.
    pub fn tell_by(&mut self, due: Timestamp) {
        self.untold = Some(self.untold.map_or(due, |before| before.min(due)));
    }

    /// Decides that the task stops, unless that was decided before: the first reason stays.
    pub fn stop(&mut self, code: StopCode, reason: impl Into<String>, now: Timestamp) {
        if self.desired == Desired::Stopped {
            return;
        }
        self.desired = Desired::Stopped;
        self.stop = Some((code, reason.into()));
        self.stopping_at = Some(now);
        self.changed();
    }

    /// Decides that the task ends by itself: it stops, but that is shown, and makes a version, only when all its
    /// containers have ended. The first reason stays.
    // AWS: recorded.
    pub fn end(&mut self, code: StopCode, reason: impl Into<String>) {
        if self.desired == Desired::Running && self.ending.is_none() {
            self.ending = Some((code, reason.into()));
        }
    }

    /// Whether it was decided that the task stops, shown or not.
    pub fn is_stopping(&self) -> bool {
        self.desired == Desired::Stopped || self.ending.is_some()
    }

    /// Where it shall be, as its own containers see it.
    pub fn wanted(&self) -> Desired {
        if self.is_stopping() {
            Desired::Stopped
        } else {
            self.desired
        }
    }

    /// When its last container ended, or it was decided that it stops.
    pub fn ended_at(&self) -> Option<Timestamp> {
        let last = || {
            self.containers
                .iter()
                .filter_map(|container| container.finished_at)
                .max()
        };
        self.execution_stopped_at.or(self.stopping_at).or_else(last)
    }

    /// Goes to `DEPROVISIONING`: all containers have ended.
    pub fn deprovision(&mut self, now: Timestamp) {
        self.status = TaskStatus::Deprovisioning;
        let ended = self
            .containers
            .iter()
            .filter_map(|container| container.finished_at)
            .max();
        // AWS: recorded; absent if no container was ever made.
        let ended = ended.or_else(|| self.pull_started_at.map(|_| now));
        // What a container's engine says of its end may be older than what was noted of the task.
        let noted = [self.started_at, self.stopping_at].into_iter().flatten().max();
        self.execution_stopped_at = ended.map(|ended| noted.map_or(ended, |noted| noted.max(ended)));
        if let Some((code, reason)) = self.ending.take().filter(|_| self.desired == Desired::Running) {
            self.desired = Desired::Stopped;
            self.stop = Some((code, reason));
            self.stopping_at = Some(now);
        }
        self.changed();
    }

    /// Whether its service must not stop it now.
    pub fn is_protected(&self, now: Timestamp) -> bool {
        self.protected_until.is_some_and(|until| until > now)
    }

    /// Whether every container has ended or never ran.
    pub fn all_containers_stopped(&self) -> bool {
        self.containers
            .iter()
            .all(|container| container.status == ContainerStatus::Stopped)
    }

    /// The disk of the task, in GiB.
    pub fn disk_gib(&self) -> i32 {
        self.ephemeral_gib.unwrap_or(EPHEMERAL_GIB)
    }

    /// The task as Amazon describes it.
    pub fn to_api(&self, place: Place, show: Show) -> api_ecs::Task {
        let reached_running = self.started_at.is_some();
        let late = reached_running || self.status >= TaskStatus::Deprovisioning;
        let gib = self.disk_gib();
        let is_fargate = self.host.is_none();
        api_ecs::Task {
            attachments: Some(self.interface.iter().map(Interface::to_api).collect()),
            attributes: Some(vec![Attribute {
                name: "ecs.cpu-architecture".to_owned(),
                value: Some(if self.arm64 { "arm64" } else { architecture() }.to_owned()),
                ..Attribute::default()
            }]),
            availability_zone: self.zone().map(ToOwned::to_owned),
            capacity_provider_name: self.capacity_provider.clone(),
            cluster_arn: Some(crate::arn::cluster(place, &self.cluster)),
            container_instance_arn: self
                .host
                .as_ref()
                .map(|host| crate::arn::container_instance(place, &self.cluster, &host.instance)),
            connectivity: late.then_some(Connectivity::Connected),
            connectivity_at: self.pull_started_at.or(Some(self.created_at)).filter(|_| late),
            containers: Some(
                self.containers
                    .iter()
                    .map(|c| self.container_to_api(place, c, show))
                    .collect(),
            ),
            // AWS: of tasks on instances the sum of their containers is shown, where the task has no size of its own.
            cpu: self
                .cpu
                .clone()
                .or_else(|| self.host.as_ref().map(|host| host.cpu.to_string())),
            created_at: Some(self.created_at),
            desired_status: Some(self.desired.as_str().to_owned()),
            enable_execute_command: Some(self.exec),
            execution_stopped_at: self.execution_stopped_at,
            group: Some(self.group.clone()),
            health_status: show.health.then(|| self.health()),
            last_status: Some(self.status.as_str().to_owned()),
            launch_type: Some(self.launch_type()),
            memory: self
                .memory
                .clone()
                .or_else(|| self.host.as_ref().map(|host| host.memory.to_string())),
            overrides: Some(self.overrides_to_api()),
            platform_version: is_fargate.then(|| PLATFORM_VERSION.to_owned()),
            platform_family: is_fargate.then(|| "Linux".to_owned()),
            pull_started_at: self.pull_started_at.filter(|_| late),
            pull_stopped_at: self.pull_stopped_at.filter(|_| late),
            started_at: self.started_at,
            started_by: self.started_by.clone(),
            stop_code: self.stop.as_ref().and_then(|(code, _)| code.to_api()),
            stopped_at: self.stopped_at,
            stopped_reason: self.stop.as_ref().map(|(_, reason)| reason.clone()),
            stopping_at: self.stopping_at,
            tags: Some(if show.tags { tags_to_api(&self.tags) } else { Vec::new() }),
            task_arn: Some(self.arn(place)),
            task_definition_arn: Some(crate::arn::task_definition(place, &self.family, self.revision)),
            version: Some(self.version),
            ephemeral_storage: is_fargate.then_some(EphemeralStorage { size_in_gi_b: gib }),
            fargate_ephemeral_storage: is_fargate.then(|| TaskEphemeralStorage {
                size_in_gi_b: Some(gib),
                ..Default::default()
            }),
            ..api_ecs::Task::default()
        }
    }

    /// The availability zone that it runs in.
    pub fn zone(&self) -> Option<&str> {
        match (&self.interface, &self.host) {
            (_, Some(host)) => host.zone.as_deref(),
            (Some(interface), None) => Some(&interface.zone),
            (None, None) => None,
        }
    }

    /// The launch type in Amazon's words.
    pub fn launch_type(&self) -> LaunchType {
        match self.host.as_ref().map(|host| host.kind) {
            None => LaunchType::Fargate,
            Some(Kind::Ec2) => LaunchType::Ec2,
            Some(Kind::External) => LaunchType::External,
        }
    }

    /// The health of the task: of its essential containers that have a health check.
    pub fn health(&self) -> HealthStatus {
        let mut checked = self
            .containers
            .iter()
            .filter(|c| c.essential && (c.checked || c.healthy.is_some()))
            .map(|c| c.healthy)
            .peekable();
        if checked.peek().is_none() {
            return HealthStatus::Unknown;
        }
        // The worst of them: one that is ill before one that says nothing yet.
        let worst = checked.min_by_key(|healthy| match healthy {
            Some(false) => 0,
            None => 1,
            Some(true) => 2,
        });
        match worst.flatten() {
            Some(true) => HealthStatus::Healthy,
            Some(false) => HealthStatus::Unhealthy,
            None => HealthStatus::Unknown,
        }
    }

    /// One element per container, even without overrides (recorded).
    fn overrides_to_api(&self) -> TaskOverride {
        let mut shown = self.overrides.0.clone();
        let given = shown.container_overrides.take().unwrap_or_default();
        let of = |name: &str| given.iter().find(|o| o.name.as_deref() == Some(name)).cloned();
        let each = self.containers.iter().map(|container| {
            of(&container.name).unwrap_or_else(|| api_ecs::ContainerOverride {
                name: Some(container.name.clone()),
                ..api_ecs::ContainerOverride::default()
            })
        });
        shown.container_overrides = Some(each.collect());
        shown.inference_accelerator_overrides.get_or_insert_default();
        shown
    }

    fn container_to_api(&self, place: Place, container: &ContainerRecord, show: Show) -> Container {
        let interface = self
            .interface
            .as_ref()
            .filter(|i| i.status != InterfaceStatus::Precreated);
        let ran = container.digest.is_some() && container.status != ContainerStatus::Pending;
        let ended = container.status == ContainerStatus::Stopped;
        Container {
            container_arn: Some(crate::arn::container(place, &self.cluster, &self.id, &container.id)),
            task_arn: Some(self.arn(place)),
            name: Some(container.name.clone()),
            image: Some(container.image.clone()),
            image_digest: container.digest.clone().filter(|_| ran),
            // AWS: recorded; one whose log stream could not be made, or whose image was not there yet, has a runtime id
            // and no digest.
            runtime_id: match &self.host {
                None => (ran || ended && container.tried).then(|| runtime_id(&self.id, &container.name)),
                // AWS: on instances it is the engine's own id.
                Some(_) => container.runtime_id.clone(),
            },
            last_status: Some(container.status.as_str().to_owned()),
            exit_code: container.exit_code,
            reason: container.reason.clone(),
            // AWS: recorded; absent of a container that never ran.
            network_bindings: (ran && container.started_at.is_some())
                .then(|| container.bindings.iter().map(Binding::to_api).collect()),
            network_interfaces: Some(
                interface
                    .map(|interface| NetworkInterface {
                        attachment_id: Some(interface.attachment.clone()),
                        private_ipv4_address: interface.address.clone(),
                        ..NetworkInterface::default()
                    })
                    .into_iter()
                    .collect(),
            ),
            health_status: show.health.then_some(match container.healthy {
                Some(true) => HealthStatus::Healthy,
                Some(false) => HealthStatus::Unhealthy,
                None => HealthStatus::Unknown,
            }),
            cpu: Some(container.cpu.to_string()),
            memory: container.memory.map(|mib| mib.to_string()),
            memory_reservation: container.memory_reservation.map(|mib| mib.to_string()),
            ..Container::default()
        }
    }
}

impl Binding {
    fn to_api(&self) -> NetworkBinding {
        let range = |first: u16| Some(format!("{first}-{}", first.saturating_add(self.more?)));
        let port = |port: u16| self.more.is_none().then_some(i32::from(port));
        NetworkBinding {
            bind_ip: Some(self.ip.clone()),
            container_port: port(self.container),
            host_port: port(self.host),
            container_port_range: range(self.container),
            host_port_range: range(self.host),
            protocol: Some(if self.udp {
                TransportProtocol::Udp
            } else {
                TransportProtocol::Tcp
            }),
        }
    }
}

/// The architecture of this machine as ECS spells it.
fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    }
}

/// The runtime id of a Fargate container: the task's id and the FNV-1a hash of the container's name, ten digits.
// AWS: checked on eight recorded names, such as `main` → `3935363592`.
pub fn runtime_id(task: &str, container: &str) -> String {
    let hash = container.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("{task}-{hash:010}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtime_ids_are_those_recorded_from_fargate() {
        assert_eq!(runtime_id("t", "main"), "t-3935363592");
        assert_eq!(runtime_id("t", "init"), "t-0380752755");
    }
}
