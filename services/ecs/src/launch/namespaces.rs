//! What the containers of a task share: its process and IPC namespaces, and the kernel's settings that belong to them.

use std::collections::BTreeMap;

use api_ecs::{ContainerDefinition, IpcMode, PidMode};
use roadstead_containers as engine;

use crate::records::{ContainerStatus, Task, TaskDefinition};

/// Whose namespaces a container joins: the pause container's, else those of the task's first container that runs.
fn holder(task: &Task, container: &str, pause: Option<&engine::ContainerId>) -> Option<engine::ContainerId> {
    if let Some(pause) = pause {
        return Some(pause.clone());
    }
    let others = task.containers.iter().filter(|other| other.name != container);
    others
        .filter(|other| other.status == ContainerStatus::Running)
        .find_map(|other| other.engine_id.clone())
        .map(engine::ContainerId)
}

/// The process namespace of a container; `None` is one of its own.
pub(super) fn pid(
    task: &Task,
    definition: &TaskDefinition,
    container: &str,
    pause: Option<&engine::ContainerId>,
) -> Option<engine::Namespace> {
    match definition.document.0.pid_mode {
        Some(PidMode::Host) => Some(engine::Namespace::Host),
        Some(PidMode::Task) => holder(task, container, pause).map(engine::Namespace::Container),
        _ => None,
    }
}

/// The IPC namespace of a container; `None` is the engine's default.
pub(super) fn ipc(
    task: &Task,
    definition: &TaskDefinition,
    container: &str,
    pause: Option<&engine::ContainerId>,
) -> Option<engine::Namespace> {
    match definition.document.0.ipc_mode {
        Some(IpcMode::Host) => Some(engine::Namespace::Host),
        Some(IpcMode::None) => Some(engine::Namespace::None),
        Some(IpcMode::Task) => Some(match holder(task, container, pause) {
            Some(holder) => engine::Namespace::Container(holder),
            None => engine::Namespace::Shareable,
        }),
        _ => None,
    }
}

/// Kernel settings of a container's own namespaces; those of namespaces that it joins are set where these are made.
pub(super) fn sysctls(
    task: &Task,
    definition: &TaskDefinition,
    container: &ContainerDefinition,
    pause: Option<&engine::ContainerId>,
) -> BTreeMap<String, String> {
    let shares_ipc = definition.document.0.ipc_mode == Some(IpcMode::Task);
    let name = container.name.as_deref().unwrap_or_default();
    if shares_ipc && holder(task, name, pause).is_none() {
        // It is the first of the task: the namespace that the others join is its own.
        let mut all = of_all(definition, |setting| !is_network(setting));
        all.extend(of(container, is_network));
        return all;
    }
    of(container, |setting| {
        if is_network(setting) {
            pause.is_none()
        } else {
            !shares_ipc
        }
    })
}

/// Kernel settings of the namespaces that a task's pause container holds for all containers.
pub(super) fn pause_sysctls(definition: &TaskDefinition) -> BTreeMap<String, String> {
    let shares_ipc = definition.document.0.ipc_mode == Some(IpcMode::Task);
    of_all(definition, |setting| is_network(setting) || shares_ipc)
}

fn is_network(setting: &str) -> bool {
    setting.starts_with("net.")
}

// AWS: of containers that set the same one, the last wins.
fn of_all(definition: &TaskDefinition, wanted: impl Fn(&str) -> bool + Copy) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for container in definition.containers() {
        all.extend(of(container, wanted));
    }
    all
}

fn of(container: &ContainerDefinition, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    let given = container.system_controls.iter().flatten();
    given
        .filter_map(|control| Some((control.namespace.clone()?, control.value.clone().unwrap_or_default())))
        .filter(|(setting, _)| wanted(setting))
        .collect()
}
