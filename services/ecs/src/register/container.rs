//! What a container's definition must be, whatever runs it.

use api_ecs::{ContainerDefinition, HealthCheck, IpcMode, NetworkMode, RegisterTaskDefinitionRequest};
use roadstead_kernel::{Fault, Result};

use super::size::mebibytes;
use crate::arn::is_name;
use crate::error::client;

/// The shortest `startTimeout` and `stopTimeout`, in seconds.
const MIN_TIMEOUT: i32 = 2;
/// Least memory of a container, in MiB.
// AWS: documented.
const MIN_MEMORY: i32 = 4;
/// Most exit codes that a restart policy ignores.
const MAX_IGNORED: usize = 50;
/// Kernel settings of an IPC namespace; those of a network namespace begin with `net.`, those of queues with `fs.mqueue.`.
const IPC_SETTINGS: [&str; 8] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

/// Refuses a container that no launch type runs.
///
/// Errors: `ClientException`, in AWS's words where they are known.
pub(super) fn check(given: &RegisterTaskDefinitionRequest, container: &ContainerDefinition) -> Result<()> {
    let Some(name) = container.name.as_deref().filter(|name| !name.is_empty()) else {
        return Err(client("Container.name should not be null or empty."));
    };
    if container.image.as_deref().is_none_or(str::is_empty) {
        return Err(client("Container.image should not be null or empty."));
    }
    if !is_name(name) {
        // AWS: reported (terraform-provider-aws#5950).
        return Err(client("Container.name contains invalid characters."));
    }
    check_limits(given, container, name)?;
    check_timeouts(container, name)?;
    check_network(given.network_mode.as_ref(), container)?;
    super::port_ranges::check(given.network_mode.as_ref(), container, name)?;
    check_kernel_settings(given, container, name)?;
    if let Some(check) = &container.health_check {
        check_health(check, name)?;
    }
    check_restarts(container, name)?;
    crate::secrets::check(given, container)
}

pub(super) fn invalid_setting(name: &str, what: &str) -> Fault {
    client(format!("Invalid setting for container '{name}'. {what}"))
}

/// What is wrong with CPU units or with amounts of memory in MiB, the limit and what is reserved, if anything is.
pub fn check_amounts(cpu: Option<i32>, memory: [Option<i32>; 2]) -> Option<&'static str> {
    if cpu.is_some_and(|units| units < 0) {
        return Some("'cpu' must be greater than or equal to 0.");
    }
    let [hard, soft] = memory.map(|given| given.is_some_and(|mib| mib < MIN_MEMORY));
    if hard {
        return Some("'memory' must be at least 4 MiB.");
    }
    soft.then_some("'memoryReservation' must be at least 4 MiB.")
}

fn check_limits(given: &RegisterTaskDefinitionRequest, container: &ContainerDefinition, name: &str) -> Result<()> {
    if given.memory.is_none() && container.memory.is_none() && container.memory_reservation.is_none() {
        return Err(invalid_setting(
            name,
            "At least one of 'memory' or 'memoryReservation' must be specified.",
        ));
    }
    if let Some(problem) = check_amounts(container.cpu, [container.memory, container.memory_reservation]) {
        return Err(invalid_setting(name, problem));
    }
    if let (Some(hard), Some(soft)) = (container.memory, container.memory_reservation)
        && hard < soft
    {
        return Err(invalid_setting(
            name,
            "'memory' must be greater than or equal to 'memoryReservation'.",
        ));
    }
    let above = |own: Option<i32>, whole: Option<u32>| {
        let own = own.and_then(|own| u32::try_from(own).ok());
        own.zip(whole).is_some_and(|(own, whole)| own > whole)
    };
    let memory = given.memory.as_deref().and_then(mebibytes);
    if above(container.memory.or(container.memory_reservation), memory) {
        return Err(invalid_setting(
            name,
            "The container's memory must be less than or equal to the task's 'memory'.",
        ));
    }
    for limit in container.ulimits.iter().flatten() {
        if limit.hard_limit >= 0 && limit.soft_limit > limit.hard_limit {
            return Err(invalid_setting(
                name,
                "The soft limit of a ulimit must be less than or equal to its hard limit.",
            ));
        }
    }
    let linux = container.linux_parameters.as_ref();
    if linux
        .and_then(|linux| linux.swappiness)
        .is_some_and(|value| !(0..=100).contains(&value))
    {
        return Err(invalid_setting(name, "'swappiness' must be between 0 and 100."));
    }
    if linux.and_then(|linux| linux.max_swap).is_some_and(|value| value < 0) {
        return Err(invalid_setting(name, "'maxSwap' must be greater than or equal to 0."));
    }
    Ok(())
}

// AWS: the text is recorded for `startTimeout`.
fn check_timeouts(container: &ContainerDefinition, name: &str) -> Result<()> {
    for (what, given) in [("start", container.start_timeout), ("stop", container.stop_timeout)] {
        if given.is_some_and(|secs| secs < MIN_TIMEOUT) {
            return Err(client(format!(
                "Granular {what} timeout on container '{name}' must be at least {MIN_TIMEOUT} seconds."
            )));
        }
    }
    Ok(())
}

// AWS: users report these texts, with `awsvpc`.
fn check_network(mode: Option<&NetworkMode>, container: &ContainerDefinition) -> Result<()> {
    let has = |list: Option<&Vec<String>>| list.is_some_and(|list| !list.is_empty());
    let Some(mode) = mode.filter(|mode| **mode != NetworkMode::Bridge) else {
        return Ok(());
    };
    let shown = mode.as_str();
    if has(container.links.as_ref()) {
        return Err(client(format!("Links are not supported when networkMode={shown}.")));
    }
    if *mode == NetworkMode::Awsvpc {
        let hosts = container.extra_hosts.as_ref().is_some_and(|list| !list.is_empty());
        let asked = [
            ("hostname is", container.hostname.is_some()),
            ("Disable Networking is", container.disable_networking == Some(true)),
            ("Extra hosts are", hosts),
            ("DNS servers are", has(container.dns_servers.as_ref())),
            ("DNS search domains are", has(container.dns_search_domains.as_ref())),
        ];
        if let Some((what, _)) = asked.into_iter().find(|(_, asked)| *asked) {
            return Err(client(format!(
                "{what} not supported on container when networkMode={shown}."
            )));
        }
    }
    if matches!(mode, NetworkMode::Awsvpc | NetworkMode::Host) {
        let mut ports = container.port_mappings.iter().flatten();
        if ports.any(|port| {
            port.host_port
                .is_some_and(|host| host != 0 && Some(host) != port.container_port)
        }) {
            return Err(client(format!(
                "When networkMode={shown}, the host ports and container ports in port mappings must match."
            )));
        }
    }
    Ok(())
}

/// Kernel settings must belong to namespaces that the task has for itself.
fn check_kernel_settings(
    given: &RegisterTaskDefinitionRequest,
    container: &ContainerDefinition,
    name: &str,
) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for control in container.system_controls.iter().flatten() {
        let setting = control.namespace.as_deref().unwrap_or_default();
        let network = setting.starts_with("net.");
        let ipc = IPC_SETTINGS.contains(&setting) || setting.starts_with("fs.mqueue.");
        let problem = if !(network || ipc) {
            "is not one that containers can set"
        } else if !seen.insert(setting) {
            "is given twice"
        } else if network && given.network_mode == Some(NetworkMode::Host) {
            "is not supported with network mode 'host'"
        } else if ipc && given.ipc_mode == Some(IpcMode::Host) {
            "is not supported with ipcMode 'host'"
        } else {
            continue;
        };
        return Err(invalid_setting(
            name,
            &format!("The system control '{setting}' {problem}."),
        ));
    }
    Ok(())
}

fn check_health(check: &HealthCheck, name: &str) -> Result<()> {
    let known = match check.command.first().map(String::as_str) {
        Some("CMD" | "CMD-SHELL") => check.command.len() > 1,
        Some("NONE") => true,
        _ => false,
    };
    if !known {
        return Err(invalid_setting(
            name,
            "The command of a health check must begin with CMD or CMD-SHELL, or be NONE.",
        ));
    }
    for (what, value, from, to) in [
        ("interval", check.interval, 5, 300),
        ("timeout", check.timeout, 2, 60),
        ("retries", check.retries, 1, 10),
        ("startPeriod", check.start_period, 0, 300),
    ] {
        if value.is_some_and(|value| !(from..=to).contains(&value)) {
            return Err(invalid_setting(
                name,
                &format!("'{what}' of a health check must be between {from} and {to}."),
            ));
        }
    }
    Ok(())
}

fn check_restarts(container: &ContainerDefinition, name: &str) -> Result<()> {
    let Some(policy) = &container.restart_policy else {
        return Ok(());
    };
    if policy
        .restart_attempt_period
        .is_some_and(|secs| !(60..=1800).contains(&secs))
    {
        return Err(invalid_setting(
            name,
            "'restartAttemptPeriod' of a restart policy must be between 60 and 1800.",
        ));
    }
    if policy
        .ignored_exit_codes
        .as_ref()
        .is_some_and(|list| list.len() > MAX_IGNORED)
    {
        return Err(invalid_setting(
            name,
            &format!("A restart policy ignores at most {MAX_IGNORED} exit codes."),
        ));
    }
    Ok(())
}
