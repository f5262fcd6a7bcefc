//! What a task definition must be to be accepted, and the defaults that ECS fills in.

mod attributes;
mod container;
mod fargate;
mod port_ranges;
mod ports;
mod references;
mod size;
mod values;

use std::collections::HashSet;

use api_ecs::{
    CPUArchitecture, ContainerDefinition, NetworkMode, OSFamily, PortMapping, RegisterTaskDefinitionRequest,
    TransportProtocol,
};
use roadstead_kernel::Result;

pub use self::attributes::{compatibilities, requires_attributes};
pub use self::container::check_amounts;
pub use self::fargate::check_size as check_fargate_size;
pub use self::size::{cpu_units, mebibytes};

use crate::arn::is_name;
use crate::error::client;

/// Longest definition, in bytes of JSON.
const MAX_LENGTH: usize = 65_536;
/// Most containers of a definition.
const MAX_CONTAINERS: usize = 10;

/// Checks a definition and fills in the defaults that ECS answers with.
///
/// Errors: `ClientException` in AWS's words, where they are known.
pub fn accept(mut given: RegisterTaskDefinitionRequest) -> Result<RegisterTaskDefinitionRequest> {
    if !is_name(&given.family) {
        // AWS: reported (amazon-ecs-cli#37).
        return Err(client("Family contains invalid characters."));
    }
    if given.container_definitions.is_empty() {
        return Err(client("Container list cannot be empty."));
    }
    if given.container_definitions.len() > MAX_CONTAINERS {
        // AWS: reported (amazon-ecs-cli#184).
        return Err(client("Too many containers."));
    }
    // AWS: recorded; looked at before the network mode.
    if given.container_definitions.iter().all(|c| c.essential == Some(false)) {
        return Err(client("Task definition doesn't have any essential container."));
    }
    for container in &given.container_definitions {
        container::check(&given, container)?;
    }
    let is_unknown = |architecture: &CPUArchitecture| matches!(architecture, CPUArchitecture::Other(_));
    let platform = given.runtime_platform.as_ref();
    if platform
        .and_then(|platform| platform.cpu_architecture.as_ref())
        .is_some_and(is_unknown)
    {
        return Err(client("Invalid CPU architecture"));
    }
    let fargate = fargate::is_meant(&given);
    if fargate {
        fargate::check(&given)?;
    }
    if let Some(OSFamily::Other(_)) = given
        .runtime_platform
        .as_ref()
        .and_then(|p| p.operating_system_family.as_ref())
    {
        return Err(client("Invalid operating system family"));
    }
    let mut names = HashSet::new();
    for container in &given.container_definitions {
        crate::awslogs::check(container, fargate)?;
        if !names.insert(container.name.clone()) {
            return Err(client("Container.name must be unique."));
        }
    }
    references::check(&given)?;
    values::check(&given)?;
    ports::check(&given)?;
    check_storage(given.ephemeral_storage.as_ref())?;
    let mode = given.network_mode.clone();
    given
        .container_definitions
        .iter_mut()
        .for_each(|container| fill_in(container, mode.as_ref()));
    given.cpu = normal(given.cpu, cpu_units, "cpu")?;
    given.memory = normal(given.memory, mebibytes, "memory")?;
    given.tags = None;
    check_length(&given)?;
    Ok(given)
}

/// Refuses a definition that is too long, written as JSON.
// AWS: the quota is documented, the text reported (amazon-ecs-developer-guide#149).
fn check_length(given: &RegisterTaskDefinitionRequest) -> Result<()> {
    let length = roadstead_wire::to_json(given).len();
    if length > MAX_LENGTH {
        return Err(client(format!(
            "Actual length: '{length}'. Max allowed length is '{MAX_LENGTH}' bytes."
        )));
    }
    Ok(())
}

/// A size as a plain number.
// AWS: recorded: `0.25 vCPU` is kept as `256`.
fn normal(given: Option<String>, read: fn(&str) -> Option<u32>, what: &str) -> Result<Option<String>> {
    let Some(text) = given.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match read(&text) {
        Some(number) => Ok(Some(number.to_string())),
        None => Err(client(format!("Invalid '{what}' setting for task."))),
    }
}

/// Refuses a disk of a size that Fargate does not give.
pub fn check_storage(given: Option<&api_ecs::EphemeralStorage>) -> Result<()> {
    if given.is_some_and(|storage| !(21..=200).contains(&storage.size_in_gi_b)) {
        return Err(client(
            "The ephemeral storage of a task must be between 21 and 200 GiB.",
        ));
    }
    Ok(())
}

/// Whether an image is one of Amazon ECR's registries.
fn is_ecr(image: &str) -> bool {
    image.contains(".dkr.ecr.")
}

// AWS: recorded in the answers of RegisterTaskDefinition (ecs-recorded-tasks §3).
fn fill_in(container: &mut ContainerDefinition, mode: Option<&NetworkMode>) {
    container.cpu.get_or_insert(0);
    container.essential.get_or_insert(true);
    container.environment.get_or_insert_default();
    container.mount_points.get_or_insert_default();
    container.volumes_from.get_or_insert_default();
    container.system_controls.get_or_insert_default();
    for port in container.port_mappings.get_or_insert_default() {
        fill_in_port(port, mode);
    }
}

fn fill_in_port(port: &mut PortMapping, mode: Option<&NetworkMode>) {
    port.protocol.get_or_insert(TransportProtocol::Tcp);
    if port.container_port_range.is_none() {
        let same = matches!(mode, Some(NetworkMode::Awsvpc | NetworkMode::Host));
        port.host_port = match port.host_port {
            None | Some(0) if same => port.container_port,
            None => Some(0),
            given => given,
        };
    }
}

#[cfg(test)]
mod tests;
