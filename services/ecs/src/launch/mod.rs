//! From a container of a task definition to the specification that the engine is given.

mod environment;
mod namespaces;
mod network;
mod pause;
mod settings;
mod supported;
pub mod volumes;

use std::time::Duration;

use api_ecs::ContainerDefinition;
use roadstead_containers as engine;
use roadstead_core::arn::Place;

use self::environment::environment;
pub use self::network::bindings;
pub use self::pause::pause;
use self::settings::{health_check, linux, ulimits};
use self::supported::check_supported;
use crate::records::{Task, TaskDefinition};
use crate::register::{cpu_units, mebibytes};

// The stock agent's labels, so that tools that look for them find our containers too.
/// Names the cluster of a container.
pub const LABEL_CLUSTER: &str = "com.amazonaws.ecs.cluster";
/// Names the task of a container.
pub const LABEL_TASK: &str = "com.amazonaws.ecs.task-arn";
/// Names the container in its definition.
pub const LABEL_CONTAINER: &str = "com.amazonaws.ecs.container-name";

/// Names what a container is for, where it is not one of the task's own.
pub const LABEL_ROLE: &str = "roadstead.role";
/// Says of a pause container that the security groups of its task are not enforced.
pub const LABEL_GROUPS: &str = "roadstead.security-groups";
/// The image of pause containers.
pub const PAUSE_IMAGE: &str = concat!("roadstead/pause:", env!("CARGO_PKG_VERSION"));
/// The pause container among the containers of a task, in the stock agent's words.
pub const PAUSE: &str = "~internal~ecs~pause";

/// How long a container may take to end after the stop signal, without a `stopTimeout` of its own.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// The least weight that a kernel knows; ECS gives it to containers that ask for none or for less.
// AWS: recorded on Fargate: `cpu.shares` 2 for a container with `cpu` 0.
const MIN_CPU_SHARES: u64 = 2;

/// Why a container cannot be given to the engine as its definition asks.
pub type Unsupported = String;

/// The specification of a container. `network_of` is the container whose network it joins.
pub fn spec(
    place: Place,
    task: &Task,
    definition: &TaskDefinition,
    container: &ContainerDefinition,
    network_of: Option<&engine::ContainerId>,
) -> Result<engine::ContainerSpec, Unsupported> {
    let name = container.name.clone().unwrap_or_default();
    check_supported(&task.overrides, definition, container)?;
    let over = task
        .overrides
        .0
        .container_overrides
        .iter()
        .flatten()
        .find(|o| o.name.as_deref() == Some(&name));
    let labels = [
        (LABEL_CLUSTER, task.cluster.clone()),
        (LABEL_TASK, task.arn(place)),
        (LABEL_CONTAINER, name.clone()),
        ("com.amazonaws.ecs.task-definition-family", task.family.clone()),
        ("com.amazonaws.ecs.task-definition-version", task.revision.to_string()),
    ];
    let mut all_labels: engine::Labels = container.docker_labels.clone().unwrap_or_default();
    all_labels.extend(labels.into_iter().map(|(key, value)| (key.to_owned(), value)));
    let cpu = over.and_then(|o| o.cpu).or(container.cpu).unwrap_or(0);
    let memory = bytes(over.and_then(|o| o.memory).or(container.memory)).or_else(|| task_memory(task, definition));
    // What belongs to a network is the pause container's, where there is one: see `register` and `pause`.
    let own_network = network_of.is_none();
    Ok(engine::ContainerSpec {
        name: engine_name(task, &name),
        image: container.image.clone().unwrap_or_default(),
        entrypoint: container.entry_point.clone().filter(|list| !list.is_empty()),
        command: over
            .and_then(|o| o.command.clone())
            .or_else(|| container.command.clone())
            .filter(|list| !list.is_empty()),
        env: environment(container, over),
        labels: all_labels,
        user: container.user.clone(),
        workdir: container.working_directory.clone(),
        tty: container.pseudo_terminal == Some(true),
        interactive: container.interactive == Some(true),
        readonly_rootfs: container.readonly_root_filesystem == Some(true),
        ulimits: ulimits(container),
        privileged: container.privileged == Some(true),
        security_options: container.docker_security_options.clone().unwrap_or_default(),
        linux: engine::LinuxParameters {
            sysctls: namespaces::sysctls(task, definition, container, network_of),
            ..linux(container, memory)
        },
        memory,
        memory_reservation: bytes(over.and_then(|o| o.memory_reservation).or(container.memory_reservation)),
        cpu_shares: Some(u64::try_from(cpu).unwrap_or(0).max(MIN_CPU_SHARES)),
        nano_cpus: task_cpus(task),
        mounts: volumes::mounts(task, definition, container),
        volumes_from: volumes::volumes_from(task, container)?,
        network: network::network(task, container, network_of)?,
        pid: namespaces::pid(task, definition, &name, network_of),
        ipc: namespaces::ipc(task, definition, &name, network_of),
        hostname: container.hostname.clone().filter(|_| own_network),
        dns_servers: container
            .dns_servers
            .clone()
            .filter(|_| own_network)
            .unwrap_or_default(),
        dns_search: container
            .dns_search_domains
            .clone()
            .filter(|_| own_network)
            .unwrap_or_default(),
        links: settings::links(task, container)?,
        extra_hosts: settings::extra_hosts(container)
            .filter(|_| own_network)
            .unwrap_or_default(),
        health_check: health_check(container),
        log: crate::awslogs::log_mode(container)?,
        ..engine::ContainerSpec::default()
    })
}

/// Lets a container share the limits of its task's control group instead of having them for itself.
pub fn share_limits(spec: &mut engine::ContainerSpec, task: &Task, container: &ContainerDefinition, parent: String) {
    let name = container.name.as_deref();
    let overrides = task.overrides.0.container_overrides.iter().flatten();
    let over = overrides.into_iter().find(|o| o.name.as_deref() == name);
    if bytes(over.and_then(|o| o.memory).or(container.memory)).is_none() {
        spec.memory = None;
    }
    spec.nano_cpus = None;
    spec.cgroup_parent = Some(parent);
}

/// The limits of a task that its containers share; `None` for a task without.
pub fn group(task: &Task, definition: &TaskDefinition) -> Option<engine::GroupSpec> {
    let memory = task_memory(task, definition);
    let nano_cpus = task_cpus(task);
    (memory.is_some() || nano_cpus.is_some()).then(|| engine::GroupSpec {
        name: task.id.clone(),
        memory,
        nano_cpus,
    })
}

/// The engine's id of a container of the task that was made before.
fn made(task: &Task, name: &str) -> Result<engine::ContainerId, Unsupported> {
    let found = task.containers.iter().find(|container| container.name == name);
    found
        .and_then(|container| container.engine_id.clone())
        .map(engine::ContainerId)
        .ok_or_else(|| format!("the container '{name}' does not exist"))
}

/// How many digits make the names of a task's containers unique.
const NAME_DIGITS: usize = 20;

/// The name of a container at the engine, in the stock agent's form: unique, and the same when a step is repeated after a
/// crash.
pub fn engine_name(task: &Task, container: &str) -> String {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let container: String = container.chars().filter(allowed).collect();
    let digits: String = task.id.chars().take(NAME_DIGITS).collect();
    format!("ecs-{}-{}-{container}-{digits}", task.family, task.revision)
}

fn bytes(mib: Option<i32>) -> Option<u64> {
    mib.and_then(|mib| u64::try_from(mib).ok())
        .filter(|mib| *mib > 0)
        .map(|mib| mib << 20)
}

/// A container without a limit of its own may use what the task has.
fn task_memory(task: &Task, definition: &TaskDefinition) -> Option<u64> {
    let text = task.memory.as_deref().or(definition.document.0.memory.as_deref())?;
    mebibytes(text).map(|mib| u64::from(mib) << 20)
}

/// The CPU limit of a task, in billionths of a CPU.
fn task_cpus(task: &Task) -> Option<u64> {
    let units = task.cpu.as_deref().and_then(cpu_units)?;
    Some(u64::from(units) * 1_000_000_000 / 1024)
}

/// How long a container may take to end after the stop signal.
pub fn stop_timeout(container: &ContainerDefinition) -> Duration {
    container
        .stop_timeout
        .and_then(|secs| u64::try_from(secs).ok())
        .map_or(STOP_TIMEOUT, Duration::from_secs)
}
