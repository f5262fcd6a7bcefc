//! From a container of a task definition to the specification that the engine is given.

use std::time::Duration;

use api_ecs::{ContainerDefinition, ContainerOverride, LogDriver};
use roadstead_containers as engine;
use roadstead_core::arn::Place;

use crate::records::{Interface, Task, TaskDefinition};
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
/// The image of pause containers.
pub const PAUSE_IMAGE: &str = concat!("roadstead/pause:", env!("CARGO_PKG_VERSION"));
/// The pause container among the containers of a task, in the stock agent's words.
pub const PAUSE: &str = "~internal~ecs~pause";

/// How long a container may take to end after the stop signal, without a `stopTimeout` of its own.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(30);

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
    check_supported(definition, container)?;
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
    let cpu = over.and_then(|o| o.cpu).or(container.cpu).filter(|cpu| *cpu > 0);
    Ok(engine::ContainerSpec {
        name: engine_name(task, &name),
        image: container.image.clone().unwrap_or_default(),
        entrypoint: container.entry_point.clone().filter(|list| !list.is_empty()),
        command: over
            .and_then(|o| o.command.clone())
            .or_else(|| container.command.clone())
            .filter(|list| !list.is_empty()),
        env: environment(place, container, over),
        labels: all_labels,
        user: container.user.clone(),
        workdir: container.working_directory.clone(),
        tty: container.pseudo_terminal == Some(true),
        interactive: container.interactive == Some(true),
        readonly_rootfs: container.readonly_root_filesystem == Some(true),
        ulimits: ulimits(container),
        linux: linux(container),
        memory: bytes(over.and_then(|o| o.memory).or(container.memory)).or_else(|| task_memory(task, definition)),
        memory_reservation: bytes(over.and_then(|o| o.memory_reservation).or(container.memory_reservation)),
        cpu_shares: cpu.and_then(|cpu| u64::try_from(cpu).ok()),
        nano_cpus: task
            .cpu
            .as_deref()
            .and_then(cpu_units)
            .map(|units| u64::from(units) * 1_000_000_000 / 1024),
        network: match network_of {
            Some(first) => engine::Network::Container(first.clone()),
            None => engine::Network::None,
        },
        health_check: health_check(container),
        ..engine::ContainerSpec::default()
    })
}

/// The specification of the container that holds a task's network namespace; all others join it.
///
/// It has what those that join it cannot have of their own: the host's name and the resolver.
pub fn pause(place: Place, task: &Task, interface: &Interface) -> engine::ContainerSpec {
    let domain = match place.region.as_str() {
        "us-east-1" => "ec2.internal".to_owned(),
        other => format!("{other}.compute.internal"),
    };
    let host = interface
        .address
        .as_deref()
        .map(|address| format!("ip-{}.{domain}", address.replace('.', "-")));
    let labels = [
        (LABEL_CLUSTER, task.cluster.clone()),
        (LABEL_TASK, task.arn(place)),
        (LABEL_CONTAINER, PAUSE.to_owned()),
        ("com.amazonaws.ecs.task-definition-family", task.family.clone()),
        ("com.amazonaws.ecs.task-definition-version", task.revision.to_string()),
        (LABEL_ROLE, "pause".to_owned()),
    ];
    engine::ContainerSpec {
        name: engine_name(task, "internal.pause"),
        image: PAUSE_IMAGE.to_owned(),
        labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        hostname: host,
        dns_servers: interface.wiring.resolver.iter().cloned().collect(),
        dns_search: vec![domain],
        network: engine::Network::None,
        log: engine::LogMode::Discard,
        ..engine::ContainerSpec::default()
    }
}

/// The name of a container at the engine: unique, and the same when a step is repeated after a crash.
pub fn engine_name(task: &Task, container: &str) -> String {
    format!("ecs-{}-{}-{}-{}", task.family, task.revision, container, task.id)
}

/// Whether a list was given and is not empty.
fn any<T>(list: Option<&Vec<T>>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}

/// What a definition may ask for and this version does not do is said, never silently left out.
fn check_supported(definition: &TaskDefinition, container: &ContainerDefinition) -> Result<(), Unsupported> {
    let driver = container.log_configuration.as_ref().map(|log| &log.log_driver);
    if let Some(driver) = driver.filter(|driver| **driver != LogDriver::JsonFile) {
        return Err(format!("the log driver {} is not available", driver.as_str()));
    }
    let linux = container.linux_parameters.as_ref();
    let task = &definition.document.0;
    let asked = [
        ("secrets", any(container.secrets.as_ref())),
        ("environmentFiles", any(container.environment_files.as_ref())),
        ("mountPoints", any(container.mount_points.as_ref())),
        ("volumesFrom", any(container.volumes_from.as_ref())),
        ("resourceRequirements", any(container.resource_requirements.as_ref())),
        ("repositoryCredentials", container.repository_credentials.is_some()),
        ("firelensConfiguration", container.firelens_configuration.is_some()),
        ("credentialSpecs", any(container.credential_specs.as_ref())),
        (
            "restartPolicy",
            container.restart_policy.as_ref().is_some_and(|p| p.enabled),
        ),
        ("hostname", container.hostname.is_some()),
        ("dnsServers", any(container.dns_servers.as_ref())),
        ("dnsSearchDomains", any(container.dns_search_domains.as_ref())),
        ("extraHosts", any(container.extra_hosts.as_ref())),
        ("links", any(container.links.as_ref())),
        ("disableNetworking", container.disable_networking == Some(true)),
        ("privileged", container.privileged == Some(true)),
        ("dockerSecurityOptions", any(container.docker_security_options.as_ref())),
        ("systemControls", any(container.system_controls.as_ref())),
        ("startTimeout", container.start_timeout.is_some()),
        ("linuxParameters.devices", any(linux.and_then(|l| l.devices.as_ref()))),
        ("linuxParameters.tmpfs", any(linux.and_then(|l| l.tmpfs.as_ref()))),
        ("linuxParameters.maxSwap", linux.is_some_and(|l| l.max_swap.is_some())),
        (
            "linuxParameters.swappiness",
            linux.is_some_and(|l| l.swappiness.is_some()),
        ),
        ("pidMode", task.pid_mode.is_some()),
        ("ipcMode", task.ipc_mode.is_some()),
        ("proxyConfiguration", task.proxy_configuration.is_some()),
        ("inferenceAccelerators", any(task.inference_accelerators.as_ref())),
    ];
    match asked.into_iter().find(|(_, is_asked)| *is_asked) {
        Some((what, _)) => Err(format!("{what} is not available")),
        None => Ok(()),
    }
}

fn environment(
    place: Place,
    container: &ContainerDefinition,
    over: Option<&ContainerOverride>,
) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = vec![
        ("AWS_REGION".to_owned(), place.region.as_str().to_owned()),
        ("AWS_DEFAULT_REGION".to_owned(), place.region.as_str().to_owned()),
    ];
    let own = container.environment.iter().flatten();
    for pair in own.chain(over.and_then(|o| o.environment.as_ref()).into_iter().flatten()) {
        let Some(name) = pair.name.clone() else { continue };
        all.retain(|(known, _)| *known != name);
        all.push((name, pair.value.clone().unwrap_or_default()));
    }
    all
}

fn ulimits(container: &ContainerDefinition) -> Vec<engine::Ulimit> {
    container
        .ulimits
        .iter()
        .flatten()
        .map(|limit| engine::Ulimit {
            name: limit.name.as_str().to_owned(),
            soft: i64::from(limit.soft_limit),
            hard: i64::from(limit.hard_limit),
        })
        .collect()
}

fn linux(container: &ContainerDefinition) -> engine::LinuxParameters {
    let Some(given) = &container.linux_parameters else {
        return engine::LinuxParameters::default();
    };
    let capabilities = given.capabilities.clone().unwrap_or_default();
    engine::LinuxParameters {
        cap_add: capabilities.add.unwrap_or_default(),
        cap_drop: capabilities.drop.unwrap_or_default(),
        init: given.init_process_enabled,
        shm_size: bytes(given.shared_memory_size),
        ..engine::LinuxParameters::default()
    }
}

fn health_check(container: &ContainerDefinition) -> Option<engine::HealthCheck> {
    let given = container.health_check.as_ref()?;
    let secs = |value: Option<i32>, default: u64| {
        Duration::from_secs(value.and_then(|v| u64::try_from(v).ok()).unwrap_or(default))
    };
    Some(engine::HealthCheck {
        test: given.command.clone(),
        interval: secs(given.interval, 30),
        timeout: secs(given.timeout, 5),
        start_period: secs(given.start_period, 0),
        retries: given.retries.and_then(|r| u32::try_from(r).ok()).unwrap_or(3),
    })
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

/// How long a container may take to end after the stop signal.
pub fn stop_timeout(container: &ContainerDefinition) -> Duration {
    container
        .stop_timeout
        .and_then(|secs| u64::try_from(secs).ok())
        .map_or(STOP_TIMEOUT, Duration::from_secs)
}
