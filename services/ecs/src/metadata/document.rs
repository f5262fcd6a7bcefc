//! What is told about a task and its containers, in the members that containers know from AWS.

use std::collections::HashMap;

use api_ecs::{ContainerDefinition, LaunchType, LogDriver, TransportProtocol};
use roadstead_containers::{ContainerState, Health, Protocol, Status};
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_metadata::Form;
use serde_json::{Map, Value, json};

use crate::control::private_domain;
use crate::launch;
use crate::records::{ContainerRecord, ContainerStatus, Interface, Task, TaskDefinition, TaskStatus, runtime_id};
use crate::register::{cpu_units, mebibytes};

/// The least CPU of a container that is told.
// AWS: the kernel's least share; recorded.
const LEAST_CPU: i32 = 2;

/// A task and its containers at one moment.
pub struct Seen<'a> {
    /// Where it is.
    pub place: Place,
    /// The task.
    pub task: &'a Task,
    /// Its definition.
    pub definition: &'a TaskDefinition,
    /// What the engine says about its containers, by name; about its pause container too, by that name.
    pub engine: &'a HashMap<String, ContainerState>,
    /// What is known beyond that, where it was asked for.
    pub beyond: Beyond,
}

/// What is told about a task that is neither in its record nor in the engine's word on its containers.
#[derive(Default)]
pub struct Beyond {
    /// The instant of the question.
    pub now: Option<Timestamp>,
    /// MiB of disk in use.
    pub disk: Option<u64>,
    /// The tags of the container instance that it is on.
    pub instance_tags: Tags,
}

/// What stands for the engine's id of a container.
// AWS: recorded; on Fargate it is the runtime id.
pub fn docker_id(task: &Task, container: &ContainerRecord, state: Option<&ContainerState>) -> String {
    if task.launch_type() == LaunchType::Fargate {
        return runtime_id(&task.id, &container.name);
    }
    let known = state.map(|state| state.id.0.clone());
    known.or_else(|| container.engine_id.clone()).unwrap_or_default()
}

/// What is set aside of a task's disk beyond what it may use, in MiB.
// AWS: recorded; 20496 for a task with 20 GiB.
const DISK_MARGIN: i64 = 16;

/// How far a container is, in the agent's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    Nothing,
    Created,
    Running,
    Stopped,
}

impl Known {
    fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "NONE",
            Self::Created => "CREATED",
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
        }
    }
}

impl Seen<'_> {
    fn is_fargate(&self) -> bool {
        self.task.launch_type() == LaunchType::Fargate
    }

    /// The cluster in its two forms.
    // AWS: recorded; Fargate tells the ARN, the agent on EC2 what it was configured with.
    fn cluster(&self) -> String {
        if self.is_fargate() {
            crate::arn::cluster(self.place, &self.task.cluster)
        } else {
            self.task.cluster.clone()
        }
    }

    fn defined(&self, name: &str) -> Option<&ContainerDefinition> {
        let mut all = self.definition.containers().iter();
        all.find(|container| container.name.as_deref() == Some(name))
    }

    fn known(&self, container: &ContainerRecord) -> Known {
        let seen = self.engine.get(&container.name).map(|state| state.status);
        match (container.status, seen) {
            (ContainerStatus::Stopped, _) | (_, Some(Status::Exited(_))) => Known::Stopped,
            (_, Some(Status::Running)) | (ContainerStatus::Running, None) => Known::Running,
            (_, Some(Status::Created)) => Known::Created,
            (ContainerStatus::Pending, None) => Known::Nothing,
        }
    }

    /// A container; `None` before it was made.
    pub fn container(&self, container: &ContainerRecord, form: Form) -> Option<Value> {
        let state = self.engine.get(&container.name);
        if state.is_none() && container.digest.is_none() {
            return None;
        }
        let defined = self.defined(&container.name);
        let over = self.task.overrides.0.container_overrides.iter().flatten();
        let over = over
            .into_iter()
            .find(|over| over.name.as_deref() == Some(&container.name));
        let cpu = over.and_then(|over| over.cpu).unwrap_or(container.cpu).max(LEAST_CPU);
        let memory = over
            .and_then(|over| over.memory)
            .or(defined.and_then(|defined| defined.memory));
        let mut limits = json!({ "CPU": cpu });
        // AWS: recorded; on Fargate a container without a limit has none, the agent on EC2 says 0.
        let memory = if self.is_fargate() {
            memory
        } else {
            Some(memory.unwrap_or(0))
        };
        if let (Some(memory), Value::Object(limits)) = (memory, &mut limits) {
            limits.insert("Memory".to_owned(), memory.into());
        }
        let (docker_name, image_id) = if self.is_fargate() {
            (container.name.clone(), container.digest.clone())
        } else {
            let name = state.map_or_else(
                || launch::engine_name(self.task, &container.name),
                |state| state.name.clone(),
            );
            (name, state.map(|state| state.image_id.clone()))
        };
        let started = state.and_then(|state| state.started_at);
        let created = state.and_then(|state| state.created_at);
        let created = if self.is_fargate() {
            started.or(created)
        } else {
            created
        };
        let exited = match state.map(|state| state.status) {
            Some(Status::Exited(exit)) => Some(exit.code),
            _ => container.exit_code,
        };
        let finished = container.finished_at.or(state.and_then(|state| state.finished_at));
        let finished = finished.filter(|_| self.known(container) == Known::Stopped);
        let mut all = Members::default();
        all.put("DockerId", docker_id(self.task, container, state));
        all.put("Name", container.name.as_str());
        all.put("DockerName", docker_name);
        all.put("Image", container.image.as_str());
        all.put("ImageID", image_id.unwrap_or_default());
        all.put_some("Ports", some(self.ports(defined, state, form)));
        all.put("Labels", self.labels(container, defined));
        all.put("DesiredStatus", self.task.wanted().as_str());
        all.put("KnownStatus", self.known(container).as_str());
        all.put_some("ExitCode", exited);
        all.put("Limits", limits);
        all.put_time("CreatedAt", created);
        all.put_time("StartedAt", started);
        all.put_time("FinishedAt", finished);
        all.put("Type", "NORMAL");
        all.put_some("Networks", some(self.networks(state, form)));
        if defined.is_some_and(|defined| defined.health_check.is_some()) {
            all.put("Health", health(container, state));
        }
        all.put_some("Volumes", some(volumes(state)));
        if form == Form::V4 {
            let (driver, options) = self.log(container, defined);
            all.put_some("LogDriver", driver);
            all.put_some("LogOptions", options);
            let arn = crate::arn::container(self.place, &self.task.cluster, &self.task.id, &container.id);
            all.put("ContainerARN", arn);
            // AWS: recorded on Fargate; the agent on EC2 tells none.
            all.put_some("Snapshotter", self.is_fargate().then_some("overlayfs"));
            let restarts = defined.and_then(|defined| defined.restart_policy.as_ref());
            all.put_some(
                "RestartCount",
                restarts.filter(|policy| policy.enabled).map(|_| container.restarts),
            );
        }
        Some(Value::Object(all.0))
    }

    /// The task.
    pub fn task(&self, form: Form, with_tags: bool) -> Value {
        let task = self.task;
        let mut all = Members::default();
        all.put("Cluster", self.cluster());
        all.put("TaskARN", task.arn(self.place));
        all.put("Family", task.family.as_str());
        all.put("Revision", task.revision.to_string());
        all.put("DesiredStatus", task.wanted().as_str());
        all.put("KnownStatus", self.known_status());
        let containers = task
            .containers
            .iter()
            .filter_map(|container| self.container(container, form))
            .chain(self.pause(form));
        all.put_some("Containers", some(containers.collect::<Vec<_>>()));
        let mut limits = Members::default();
        let units = task.cpu.as_deref().and_then(cpu_units).filter(|units| *units > 0);
        limits.put_some("CPU", units.map(|units| f64::from(units) / 1024.0));
        limits.put_some(
            "Memory",
            task.memory.as_deref().and_then(mebibytes).filter(|mib| *mib > 0),
        );
        if !limits.0.is_empty() {
            all.put("Limits", limits.0);
        }
        all.put_time("PullStartedAt", task.pull_started_at);
        all.put_time("PullStoppedAt", task.pull_stopped_at);
        all.put_time("ExecutionStoppedAt", task.execution_stopped_at);
        let interface = task.interface.as_ref();
        all.put_some("AvailabilityZone", task.zone());
        if with_tags {
            all.put_some("TaskTags", tags(&task.tags));
            all.put_some("ContainerInstanceTags", tags(&self.beyond.instance_tags));
        }
        if form == Form::V4 {
            all.put("LaunchType", task.launch_type().as_str());
            let wiring = interface.map(|interface| &interface.wiring);
            all.put_some(
                "AvailabilityZoneID",
                wiring.and_then(|wiring| wiring.zone_id.as_deref()),
            );
            // AWS: recorded; absent for a task of RunTask on Fargate.
            let service = task.group.strip_prefix("service:");
            let vpc = wiring.and_then(|wiring| wiring.vpc.as_deref());
            all.put_some("VPCID", vpc.filter(|_| service.is_some() || !self.is_fargate()));
            all.put_some("ServiceName", service);
            all.put_some("Group", self.is_fargate().then_some(task.group.as_str()));
            if self.is_fargate() {
                all.put_some("ClockDrift", self.beyond.now.map(clock_drift));
                all.put_some("EphemeralStorageMetrics", self.beyond.disk.map(|used| self.disk(used)));
            }
            let faults = self.definition.document.0.enable_fault_injection;
            all.put("FaultInjectionEnabled", faults == Some(true));
        }
        Value::Object(all.0)
    }

    /// The container that holds the network of a task on an instance; on Fargate it is not shown.
    fn pause(&self, form: Form) -> Option<Value> {
        let state = self.engine.get(launch::PAUSE).filter(|_| !self.is_fargate())?;
        let interface = self.task.interface.as_ref()?;
        let mut all = Members::default();
        all.put("DockerId", state.id.0.as_str());
        all.put("Name", launch::PAUSE);
        all.put("DockerName", state.name.as_str());
        all.put("Image", state.image.as_str());
        all.put("ImageID", state.image_id.as_str());
        all.put("Labels", self.own_labels(launch::PAUSE));
        all.put("DesiredStatus", "RESOURCES_PROVISIONED");
        let known = match state.status {
            Status::Created => "CREATED",
            Status::Running => "RESOURCES_PROVISIONED",
            Status::Exited(_) => "STOPPED",
        };
        all.put("KnownStatus", known);
        all.put("Limits", json!({ "CPU": LEAST_CPU, "Memory": 0 }));
        all.put_time("CreatedAt", state.created_at);
        all.put_time("StartedAt", state.started_at);
        all.put("Type", "CNI_PAUSE");
        all.put("Networks", vec![awsvpc(self.place, interface, form)]);
        if form == Form::V4 {
            all.put("LogDriver", "json-file");
        }
        Some(Value::Object(all.0))
    }

    fn disk(&self, used: u64) -> Value {
        let reserved = i64::from(self.task.disk_gib()) * 1024 + DISK_MARGIN;
        json!({ "Utilized": used, "Reserved": reserved })
    }

    /// As far as the container that is least far.
    fn known_status(&self) -> &'static str {
        match self.task.status {
            TaskStatus::Running => "RUNNING",
            TaskStatus::Deprovisioning | TaskStatus::Stopped => "STOPPED",
            TaskStatus::Provisioning | TaskStatus::Pending => {
                let all = self.task.containers.iter().map(|container| self.known(container));
                all.min().unwrap_or(Known::Nothing).as_str()
            }
        }
    }

    fn labels(&self, container: &ContainerRecord, defined: Option<&ContainerDefinition>) -> Map<String, Value> {
        let given = defined
            .and_then(|defined| defined.docker_labels.clone())
            .unwrap_or_default();
        let given = given.into_iter().map(|(key, value)| (key, value.into()));
        given.chain(self.own_labels(&container.name)).collect()
    }

    /// The labels that every container of the task has.
    fn own_labels(&self, name: &str) -> Map<String, Value> {
        let own = [
            (launch::LABEL_CLUSTER, self.cluster()),
            (launch::LABEL_CONTAINER, name.to_owned()),
            (launch::LABEL_TASK, self.task.arn(self.place)),
            ("com.amazonaws.ecs.task-definition-family", self.task.family.clone()),
            (
                "com.amazonaws.ecs.task-definition-version",
                self.task.revision.to_string(),
            ),
        ];
        own.into_iter()
            .map(|(key, value)| (key.to_owned(), value.into()))
            .collect()
    }

    fn ports(
        &self,
        defined: Option<&ContainerDefinition>,
        state: Option<&ContainerState>,
        form: Form,
    ) -> Vec<Map<String, Value>> {
        let mappings = defined.and_then(|defined| defined.port_mappings.as_ref());
        let told = mappings.into_iter().flatten().filter_map(|mapping| {
            let port = mapping.container_port?;
            let is_udp = mapping.protocol == Some(TransportProtocol::Udp);
            let (protocol, kind) = if is_udp {
                ("udp", Protocol::Udp)
            } else {
                ("tcp", Protocol::Tcp)
            };
            let mut all = Members::default();
            all.put("ContainerPort", port);
            all.put("Protocol", protocol);
            if self.task.interface.is_some() {
                all.put("HostPort", port);
                return Some(all.0);
            }
            let bound = state
                .into_iter()
                .flat_map(|state| &state.ports)
                .find(|bound| i32::from(bound.container_port) == port && bound.protocol == kind);
            all.put_some("HostPort", bound.and_then(|bound| bound.host_port));
            if form == Form::V4 {
                all.put_some("HostIp", bound.and_then(|bound| bound.host_ip).map(|ip| ip.to_string()));
            }
            Some(all.0)
        });
        told.collect()
    }

    fn networks(&self, state: Option<&ContainerState>, form: Form) -> Vec<Map<String, Value>> {
        if let Some(interface) = &self.task.interface {
            return vec![awsvpc(self.place, interface, form)];
        }
        let mode = self
            .definition
            .document
            .0
            .network_mode
            .as_ref()
            .map_or("bridge", |mode| mode.as_str());
        let addresses: Vec<String> = state
            .into_iter()
            .flat_map(|state| &state.addresses)
            .map(ToString::to_string)
            .collect();
        let mut all = Members::default();
        all.put("NetworkMode", mode);
        // AWS: the agent tells an empty address where there is none.
        all.put(
            "IPv4Addresses",
            if addresses.is_empty() {
                vec![String::new()]
            } else {
                addresses
            },
        );
        vec![all.0]
    }

    /// The log driver and its options, as they are in force.
    // AWS: recorded; the stream's name stands for its prefix, and the mode is there also where none was given.
    fn log(
        &self,
        container: &ContainerRecord,
        defined: Option<&ContainerDefinition>,
    ) -> (Option<String>, Option<Map<String, Value>>) {
        let Some(log) = defined.and_then(|defined| defined.log_configuration.as_ref()) else {
            return (Some("json-file".to_owned()).filter(|_| !self.is_fargate()), None);
        };
        let mut options = log.options.clone().unwrap_or_default();
        if log.log_driver == LogDriver::Awslogs {
            if let Some(prefix) = options.remove("awslogs-stream-prefix") {
                let stream = format!("{prefix}/{}/{}", container.name, self.task.id);
                options.insert("awslogs-stream".to_owned(), stream);
            }
            options
                .entry("mode".to_owned())
                .or_insert_with(|| "non-blocking".to_owned());
        }
        let options: Map<_, _> = options.into_iter().map(|(key, value)| (key, value.into())).collect();
        (
            Some(log.log_driver.as_str().to_owned()),
            Some(options).filter(|options| !options.is_empty()),
        )
    }
}

/// What a health check says; nothing of it before it said something.
fn health(container: &ContainerRecord, state: Option<&ContainerState>) -> Map<String, Value> {
    let mut all = Members::default();
    let told = match state.map(|state| state.health) {
        Some(Health::Healthy) => Some((true, "HEALTHY")),
        Some(Health::Unhealthy) => Some((false, "UNHEALTHY")),
        _ => None,
    };
    all.put_some("status", told.map(|(_, status)| status));
    // The engine may be ahead of the record, which has the instant of the change.
    let since = told.filter(|(healthy, _)| container.healthy == Some(*healthy));
    all.put_time("statusSince", since.and(container.healthy_since));
    if let Some(checked) = state.and_then(|state| state.checked.as_ref()) {
        all.put_some("exitCode", Some(checked.exit_code).filter(|code| *code != 0));
        all.put_some("output", Some(checked.output.as_str()).filter(|text| !text.is_empty()));
    }
    all.0
}

fn volumes(state: Option<&ContainerState>) -> Vec<Map<String, Value>> {
    let mounted = state.into_iter().flat_map(|state| &state.mounted);
    let told = mounted.map(|mounted| {
        let mut all = Members::default();
        all.put_some("DockerName", mounted.name.as_deref());
        all.put_some("Source", mounted.source.as_deref());
        all.put("Destination", mounted.destination.as_str());
        all.0
    });
    told.collect()
}

/// The clock that tasks here have is the one that this server counts by: between the two there is no drift.
fn clock_drift(now: Timestamp) -> Value {
    json!({
        "ClockErrorBound": 0.0,
        "ReferenceTimestamp": now.iso8601(),
        "ClockSynchronizationStatus": "SYNCHRONIZED",
    })
}

fn awsvpc(place: Place, interface: &Interface, form: Form) -> Map<String, Value> {
    let mut all = Members::default();
    all.put("NetworkMode", "awsvpc");
    all.put(
        "IPv4Addresses",
        interface.address.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    if form == Form::V4 {
        let wiring = &interface.wiring;
        all.put("AttachmentIndex", 0);
        all.put_some("MACAddress", interface.mac.as_deref());
        all.put_some("IPv4SubnetCIDRBlock", wiring.block.as_deref());
        all.put(
            "DomainNameServers",
            wiring.resolver.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        all.put("DomainNameSearchList", vec![private_domain(place.region)]);
        all.put_some("PrivateDNSName", interface.dns_name.as_deref());
        let gateway = wiring.block.as_deref().and_then(|block| {
            let subnet: roadstead_network::Subnet = block.parse().ok()?;
            Some(format!("{}/{}", subnet.gateway(), subnet.prefix))
        });
        all.put_some("SubnetGatewayIpv4Address", gateway);
    }
    all.0
}

fn tags(tags: &Tags) -> Option<Map<String, Value>> {
    let all: Map<_, _> = tags.iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    Some(all).filter(|all| !all.is_empty())
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

/// The members of an object; what has no value is left out.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn put_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn put_time(&mut self, name: &str, at: Option<Timestamp>) {
        self.put_some(name, at.map(Timestamp::iso8601_millis));
    }
}
