//! What a task definition must be to be accepted, and the defaults that ECS fills in.

use std::collections::HashSet;

use api_ecs::{ContainerDefinition, NetworkMode, PortMapping, RegisterTaskDefinitionRequest, TransportProtocol};
use roadstead_kernel::Result;

use crate::arn::is_name;
use crate::error::client;

/// Most containers of a definition.
const MAX_CONTAINERS: usize = 10;

/// Checks a definition and fills in the defaults that ECS answers with.
///
/// Errors: `ClientException` in AWS's words, where they are known.
pub fn accept(mut given: RegisterTaskDefinitionRequest) -> Result<RegisterTaskDefinitionRequest> {
    if !is_name(&given.family) {
        return Err(client(
            "Family should only contain letters, numbers, hyphens and underscores and be at most 255 characters long.",
        ));
    }
    if given.container_definitions.is_empty() {
        return Err(client("Container list cannot be empty."));
    }
    if given.container_definitions.len() > MAX_CONTAINERS {
        return Err(client(format!(
            "Too many container definitions. Maximum number is {MAX_CONTAINERS}."
        )));
    }
    let fargate = given
        .requires_compatibilities
        .as_ref()
        .is_some_and(|list| list.contains(&api_ecs::Compatibility::Fargate));
    if fargate {
        check_fargate(&given)?;
    }
    let mut names = HashSet::new();
    for container in &given.container_definitions {
        check_container(container, given.memory.is_some())?;
        crate::awslogs::check(container, fargate)?;
        if !names.insert(container.name.clone()) {
            return Err(client("Container.name must be unique."));
        }
    }
    check_references(&given)?;
    let mode = given.network_mode.clone();
    given
        .container_definitions
        .iter_mut()
        .for_each(|container| fill_in(container, mode.as_ref()));
    if !given
        .container_definitions
        .iter()
        .any(|container| container.essential == Some(true))
    {
        return Err(client(
            "Invalid setting for task definition: at least one container must be essential.",
        ));
    }
    given.tags = None;
    Ok(given)
}

fn check_fargate(given: &RegisterTaskDefinitionRequest) -> Result<()> {
    if given.network_mode != Some(NetworkMode::Awsvpc) {
        return Err(client("Fargate only supports network mode ‘awsvpc’."));
    }
    let (Some(cpu), Some(memory)) = (&given.cpu, &given.memory) else {
        return Err(client(
            "Fargate requires that 'cpu' and 'memory' be defined at the task level.",
        ));
    };
    match (cpu_units(cpu), mebibytes(memory)) {
        (Some(cpu_units), Some(mib)) if fargate_offers(cpu_units, mib) => {}
        _ => {
            return Err(client(format!(
                "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation for the valid values."
            )));
        }
    }
    let logs = given.container_definitions.iter().any(|c| {
        c.log_configuration
            .as_ref()
            .is_some_and(|l| l.log_driver.as_str() == "awslogs")
    });
    if logs && given.execution_role_arn.is_none() {
        return Err(client(
            "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
        ));
    }
    let ecr = given
        .container_definitions
        .iter()
        .any(|c| c.image.as_deref().is_some_and(|i| i.contains(".dkr.ecr.")));
    if ecr && given.execution_role_arn.is_none() {
        return Err(client(
            "Fargate requires task definition to have execution role ARN to support ECR images.",
        ));
    }
    Ok(())
}

/// CPU units from `256`, `.25 vCPU` and the like.
pub fn cpu_units(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    match lower.strip_suffix("vcpu") {
        Some(number) => {
            let cpus: f64 = number.trim().parse().ok()?;
            let units = (cpus * 1024.0).round();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range is checked here"
            )]
            (0.0..=1_000_000.0).contains(&units).then_some(units as u32)
        }
        None => lower.trim().parse().ok(),
    }
}

/// MiB from `512`, `1 GB`, `.5GB` and the like.
pub fn mebibytes(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    match lower.strip_suffix("gb") {
        Some(number) => {
            let gib: f64 = number.trim().parse().ok()?;
            let mib = (gib * 1024.0).round();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range is checked here"
            )]
            (0.0..=100_000_000.0).contains(&mib).then_some(mib as u32)
        }
        None => lower.trim().parse().ok(),
    }
}

/// Whether Fargate offers a size.
// AWS: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html>
fn fargate_offers(cpu_units: u32, mib: u32) -> bool {
    let gib_between = |from: u32, to: u32, step: u32| {
        mib.is_multiple_of(1024) && (from..=to).contains(&(mib / 1024)) && (mib / 1024 - from).is_multiple_of(step)
    };
    match cpu_units {
        256 => matches!(mib, 512 | 1024 | 2048),
        512 => gib_between(1, 4, 1),
        1024 => gib_between(2, 8, 1),
        2048 => gib_between(4, 16, 1),
        4096 => gib_between(8, 30, 1),
        8192 => gib_between(16, 60, 4),
        16384 => gib_between(32, 120, 8),
        _ => false,
    }
}

fn check_container(container: &ContainerDefinition, task_has_memory: bool) -> Result<()> {
    let Some(name) = container.name.as_deref().filter(|name| !name.is_empty()) else {
        return Err(client("Container.name should not be null or empty."));
    };
    if container.image.as_deref().is_none_or(str::is_empty) {
        return Err(client("Container.image should not be null or empty."));
    }
    if !is_name(name) {
        return Err(client(
            "Container.name can only contain letters, numbers, hyphens and underscores, and can be up to 255 characters long.",
        ));
    }
    if !task_has_memory && container.memory.is_none() && container.memory_reservation.is_none() {
        return Err(client(format!(
            "Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be specified."
        )));
    }
    Ok(())
}

/// Volumes and containers that containers name must exist, and no container may wait for itself.
fn check_references(given: &RegisterTaskDefinitionRequest) -> Result<()> {
    let volumes: HashSet<&str> = given
        .volumes
        .iter()
        .flatten()
        .filter_map(|volume| volume.name.as_deref())
        .collect();
    let names: HashSet<&str> = given
        .container_definitions
        .iter()
        .filter_map(|c| c.name.as_deref())
        .collect();
    for container in &given.container_definitions {
        for mount in container.mount_points.iter().flatten() {
            if let Some(volume) = &mount.source_volume
                && !volumes.contains(volume.as_str())
            {
                return Err(client(format!("Unknown volume '{volume}'.")));
            }
        }
        for dependency in container.depends_on.iter().flatten() {
            if !names.contains(dependency.container_name.as_str()) {
                return Err(client(format!(
                    "The container '{}' that a container depends on is not in the task definition.",
                    dependency.container_name
                )));
            }
        }
    }
    if has_cycle(&given.container_definitions) {
        return Err(client("Container dependencies must not form a cycle."));
    }
    Ok(())
}

/// Whether some containers wait for each other in a circle.
fn has_cycle(containers: &[ContainerDefinition]) -> bool {
    let mut done: HashSet<&str> = HashSet::new();
    loop {
        let before = done.len();
        for container in containers {
            let waits = container
                .depends_on
                .iter()
                .flatten()
                .any(|d| !done.contains(d.container_name.as_str()));
            if let Some(name) = container.name.as_deref().filter(|_| !waits) {
                done.insert(name);
            }
        }
        if done.len() == containers.len() {
            return false;
        }
        if done.len() == before {
            return true;
        }
    }
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
mod tests {
    use super::*;

    fn minimal() -> RegisterTaskDefinitionRequest {
        RegisterTaskDefinitionRequest {
            family: "web".into(),
            network_mode: Some(NetworkMode::Awsvpc),
            requires_compatibilities: Some(vec![api_ecs::Compatibility::Fargate]),
            cpu: Some("256".into()),
            memory: Some("512".into()),
            container_definitions: vec![ContainerDefinition {
                name: Some("main".into()),
                image: Some("busybox".into()),
                ..ContainerDefinition::default()
            }],
            ..RegisterTaskDefinitionRequest::default()
        }
    }

    fn check(change: impl FnOnce(&mut RegisterTaskDefinitionRequest), message: &str) {
        let mut given = minimal();
        change(&mut given);
        let refused = accept(given).unwrap_err();
        assert_eq!(refused.api().unwrap().message, message);
    }

    #[test]
    fn defaults_are_those_recorded() {
        let accepted = accept(minimal()).unwrap();
        let container = &accepted.container_definitions[0];
        assert_eq!(container.cpu, Some(0));
        assert_eq!(container.essential, Some(true));
        assert!(container.environment.as_ref().is_some_and(Vec::is_empty));
        assert!(container.port_mappings.as_ref().is_some_and(Vec::is_empty));
        assert!(container.system_controls.as_ref().is_some_and(Vec::is_empty));
        assert_eq!(container.command, None);
    }

    #[test]
    fn what_aws_refuses_is_refused_in_its_words() {
        check(
            |g| g.container_definitions[0].name = None,
            "Container.name should not be null or empty.",
        );
        check(
            |g| g.container_definitions[0].image = None,
            "Container.image should not be null or empty.",
        );
        check(
            |g| {
                g.requires_compatibilities = None;
                g.memory = None;
            },
            "Invalid setting for container 'main'. At least one of 'memory' or 'memoryReservation' must be specified.",
        );
        check(
            |g| g.memory = Some("8192".into()),
            "No Fargate configuration exists for given values: 256 CPU, 8192 memory. See the Amazon ECS documentation for the valid values.",
        );
    }

    #[test]
    fn sizes_are_read_in_both_notations() {
        assert_eq!(cpu_units("256"), Some(256));
        assert_eq!(cpu_units(".25 vCPU"), Some(256));
        assert_eq!(mebibytes("1 GB"), Some(1024));
        assert_eq!(mebibytes("0.5GB"), Some(512));
        assert_eq!(mebibytes("much"), None);
    }

    #[test]
    fn containers_that_wait_for_each_other_are_refused() {
        let mut given = minimal();
        let waits_for = |name: &str| {
            Some(vec![api_ecs::ContainerDependency {
                container_name: name.into(),
                condition: api_ecs::ContainerCondition::Start,
            }])
        };
        let mut second = given.container_definitions[0].clone();
        second.name = Some("second".into());
        second.depends_on = waits_for("main");
        given.container_definitions.push(second);
        assert!(accept(given.clone()).is_ok());
        given.container_definitions[0].depends_on = waits_for("second");
        assert!(accept(given).is_err());
    }
}
