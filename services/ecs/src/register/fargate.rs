//! What Fargate runs: its network mode, its sizes, and what its tasks cannot ask for.

use api_ecs::{Compatibility, ContainerDefinition, NetworkMode, OSFamily, PidMode, RegisterTaskDefinitionRequest};
use roadstead_kernel::Result;

use super::size::{cpu_units, fargate_offers, mebibytes};
use crate::error::client;

/// The longest `stopTimeout` of a container on Fargate, in seconds.
const MAX_STOP_TIMEOUT: i32 = 120;

/// Whether a definition says that it is for Fargate.
pub(super) fn is_meant(given: &RegisterTaskDefinitionRequest) -> bool {
    let required = given.requires_compatibilities.iter().flatten();
    required.into_iter().any(|one| *one == Compatibility::Fargate)
}

/// Refuses what Fargate does not run.
///
/// Errors: `ClientException`; those about size, network mode and pid mode in AWS's words.
pub(super) fn check(given: &RegisterTaskDefinitionRequest) -> Result<()> {
    if given.network_mode != Some(NetworkMode::Awsvpc) {
        return Err(client("Fargate only supports network mode ‘awsvpc’."));
    }
    check_size(given.cpu.as_deref(), given.memory.as_deref())?;
    check_task(given)?;
    for container in &given.container_definitions {
        check_container(container)?;
    }
    check_roles(given)
}

/// Refuses a size that Fargate does not offer: CPU and memory in any notation that ECS takes.
///
/// Errors: `ClientException` in AWS's words.
pub fn check_size(cpu: Option<&str>, memory: Option<&str>) -> Result<()> {
    // AWS: the text is recorded for `cpu`.
    let missing = |what: &str| client(format!("Fargate requires that '{what}' be defined at the task level."));
    let cpu = cpu.ok_or_else(|| missing("cpu"))?;
    let memory = memory.ok_or_else(|| missing("memory"))?;
    match (cpu_units(cpu), mebibytes(memory)) {
        (Some(cpu_units), Some(mib)) if fargate_offers(cpu_units, mib) => Ok(()),
        _ => Err(client(format!(
            "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation for the valid values."
        ))),
    }
}

// AWS: "Fargate compatible task definitions do not support …" is what users report for several of these members.
fn unsupported(what: &str) -> roadstead_kernel::Fault {
    client(format!("Fargate compatible task definitions do not support {what}"))
}

fn check_task(given: &RegisterTaskDefinitionRequest) -> Result<()> {
    if given.ipc_mode.is_some() {
        return Err(client("Tasks using the Fargate launch type do not support ipcMode."));
    }
    if let Some(mode) = given.pid_mode.as_ref().filter(|mode| **mode != PidMode::Task) {
        return Err(client(format!(
            "Tasks using the Fargate launch type do not support pidMode '{}'. The supported value for pidMode is 'task'.",
            mode.as_str()
        )));
    }
    if given
        .placement_constraints
        .as_ref()
        .is_some_and(|list| !list.is_empty())
    {
        return Err(unsupported("constraints"));
    }
    if given
        .inference_accelerators
        .as_ref()
        .is_some_and(|list| !list.is_empty())
    {
        return Err(unsupported("inferenceAccelerators"));
    }
    let platform = given.runtime_platform.as_ref();
    // AWS: the text is recorded for a family that there is not; which ones Fargate runs is documented.
    if let Some(
        other @ (OSFamily::Other(_)
        | OSFamily::WindowsServer2016Full
        | OSFamily::WindowsServer2004Core
        | OSFamily::WindowsServer20h2Core),
    ) = platform.and_then(|platform| platform.operating_system_family.as_ref())
    {
        return Err(client(format!(
            "Tasks using the Fargate launch type are not supported on operating system family {other}"
        )));
    }
    for volume in given.volumes.iter().flatten() {
        let path = volume.host.as_ref().and_then(|host| host.source_path.as_ref());
        if path.is_some_and(|path| !path.is_empty()) {
            return Err(unsupported("sourcePath"));
        }
        if volume.docker_volume_configuration.is_some() {
            return Err(unsupported("dockerVolumeConfiguration"));
        }
        if volume.fsx_windows_file_server_volume_configuration.is_some() {
            return Err(unsupported("fsxWindowsFileServerVolumeConfiguration"));
        }
    }
    Ok(())
}

fn check_container(container: &ContainerDefinition) -> Result<()> {
    let linux = container.linux_parameters.as_ref();
    let gpu = container
        .resource_requirements
        .iter()
        .flatten()
        .any(|requirement| requirement.r#type.as_str() == "GPU");
    let has = |list: Option<&Vec<String>>| list.is_some_and(|list| !list.is_empty());
    let asked = [
        ("privileged", container.privileged == Some(true)),
        (
            "devices",
            linux
                .and_then(|linux| linux.devices.as_ref())
                .is_some_and(|list| !list.is_empty()),
        ),
        (
            "sharedMemorySize",
            linux.is_some_and(|linux| linux.shared_memory_size.is_some()),
        ),
        ("maxSwap", linux.is_some_and(|linux| linux.max_swap.is_some())),
        ("swappiness", linux.is_some_and(|linux| linux.swappiness.is_some())),
        ("dockerSecurityOptions", has(container.docker_security_options.as_ref())),
        ("gpu", gpu),
    ];
    if let Some((what, _)) = asked.into_iter().find(|(_, asked)| *asked) {
        return Err(unsupported(what));
    }
    let added = linux.and_then(|linux| linux.capabilities.as_ref()?.add.as_ref());
    if let Some(other) = added.into_iter().flatten().find(|added| *added != "SYS_PTRACE") {
        return Err(client(format!(
            "Fargate compatible task definitions only support adding the Linux capability SYS_PTRACE, not {other}"
        )));
    }
    if container.stop_timeout.is_some_and(|secs| secs > MAX_STOP_TIMEOUT) {
        let name = container.name.as_deref().unwrap_or_default();
        return Err(client(format!(
            "Granular stop timeout on container '{name}' must be at most {MAX_STOP_TIMEOUT} seconds."
        )));
    }
    Ok(())
}

fn check_roles(given: &RegisterTaskDefinitionRequest) -> Result<()> {
    if given.execution_role_arn.is_some() {
        return Ok(());
    }
    let any = |test: fn(&ContainerDefinition) -> bool| given.container_definitions.iter().any(test);
    if any(|container| {
        let log = container.log_configuration.as_ref();
        log.is_some_and(|log| log.log_driver.as_str() == "awslogs")
    }) {
        return Err(client(
            "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
        ));
    }
    if any(|container| container.image.as_deref().is_some_and(super::is_ecr)) {
        return Err(client(
            "Fargate requires task definition to have execution role ARN to support ECR images.",
        ));
    }
    Ok(())
}
