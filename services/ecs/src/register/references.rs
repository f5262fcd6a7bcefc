//! What the parts of a definition say of each other: volumes that are mounted, containers that are waited for.

use std::collections::HashSet;

use api_ecs::{ContainerCondition, ContainerDefinition, RegisterTaskDefinitionRequest, Scope, Volume};
use roadstead_kernel::Result;

use crate::control::order::needed_by;
use crate::error::client;

/// Volumes and containers that containers name must exist, and no container may wait for itself.
///
/// Errors: `ClientException`, in AWS's words where they are known.
pub(super) fn check(given: &RegisterTaskDefinitionRequest) -> Result<()> {
    let volumes = check_volumes(given)?;
    for container in &given.container_definitions {
        for mount in container.mount_points.iter().flatten() {
            let volume = mount.source_volume.as_deref().unwrap_or("null");
            if !volumes.contains(volume) {
                return Err(client(format!("Unknown volume '{volume}'.")));
            }
            if mount.container_path.as_deref().is_none_or(str::is_empty) {
                return Err(client(format!("The mount of volume '{volume}' has no containerPath.")));
            }
        }
        for other in needed_by(container) {
            if find(given, other).is_none() {
                // AWS: reported (hako#99), with that `+`.
                return Err(client(format!(
                    "Cannot depend on container + '{other}' because it does not exist"
                )));
            }
        }
        check_conditions(given, container)?;
    }
    if has_cycle(&given.container_definitions) {
        let linked = |container: &ContainerDefinition| container.links.as_ref().is_some_and(|links| !links.is_empty());
        // AWS: the one about links is reported (Shippable#4194).
        return Err(client(if given.container_definitions.iter().any(linked) {
            "Container links should not have a cycle"
        } else {
            "Container dependencies should not have a cycle"
        }));
    }
    Ok(())
}

fn find<'a>(given: &'a RegisterTaskDefinitionRequest, name: &str) -> Option<&'a ContainerDefinition> {
    given
        .container_definitions
        .iter()
        .find(|container| container.name.as_deref() == Some(name))
}

// AWS: the text about essential containers is recorded.
fn check_conditions(given: &RegisterTaskDefinitionRequest, container: &ContainerDefinition) -> Result<()> {
    for dependency in container.depends_on.iter().flatten() {
        let Some(other) = find(given, &dependency.container_name) else {
            continue;
        };
        match dependency.condition {
            ContainerCondition::Success | ContainerCondition::Complete if other.essential != Some(false) => {
                return Err(client(
                    "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container",
                ));
            }
            ContainerCondition::Healthy if other.health_check.is_none() => {
                return Err(client(format!(
                    "The container '{}' must have a health check, as another container depends on it with condition HEALTHY.",
                    dependency.container_name
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The names of the volumes; each must be of one kind.
fn check_volumes(given: &RegisterTaskDefinitionRequest) -> Result<HashSet<&str>> {
    let mut names = HashSet::new();
    for volume in given.volumes.iter().flatten() {
        let Some(name) = volume.name.as_deref().filter(|name| crate::arn::is_name(name)) else {
            return Err(client(
                "Volume.name can only contain letters, numbers, hyphens and underscores, and can be up to 255 characters long.",
            ));
        };
        if !names.insert(name) {
            return Err(client("Volume.name must be unique."));
        }
        if kinds(volume) > 1 {
            return Err(client(format!(
                "Volume '{name}' must have only one type of configuration."
            )));
        }
        let docker = volume.docker_volume_configuration.as_ref();
        if docker.is_some_and(|docker| docker.autoprovision == Some(true) && docker.scope != Some(Scope::Shared)) {
            return Err(client(format!(
                "Volume '{name}' can have autoprovision with scope 'shared' only."
            )));
        }
    }
    Ok(names)
}

fn kinds(volume: &Volume) -> usize {
    let path = volume.host.as_ref().and_then(|host| host.source_path.as_ref());
    [
        path.is_some(),
        volume.docker_volume_configuration.is_some(),
        volume.efs_volume_configuration.is_some(),
        volume.fsx_windows_file_server_volume_configuration.is_some(),
        volume.s3files_volume_configuration.is_some(),
        volume.configured_at_launch == Some(true),
    ]
    .into_iter()
    .filter(|is| *is)
    .count()
}

/// Whether some containers wait for each other in a circle.
fn has_cycle(containers: &[ContainerDefinition]) -> bool {
    let mut done: HashSet<&str> = HashSet::new();
    loop {
        let before = done.len();
        for container in containers {
            let waits = needed_by(container).any(|other| !done.contains(other));
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
