//! The pause container, which holds the network namespace of a task.

use api_ecs::{IpcMode, PidMode};
use roadstead_containers as engine;
use roadstead_core::arn::Place;

use super::namespaces::pause_sysctls;
use super::{LABEL_CLUSTER, LABEL_CONTAINER, LABEL_ROLE, LABEL_TASK, PAUSE, PAUSE_IMAGE, engine_name};
use crate::control::private_domain;
use crate::records::{Interface, Task, TaskDefinition};

/// The specification of the container that holds a task's network namespace; all others join it.
///
/// It has what those that join it cannot have of their own: the host's name, the resolver and the kernel's settings.
pub fn pause(place: Place, task: &Task, definition: &TaskDefinition, interface: &Interface) -> engine::ContainerSpec {
    let document = &definition.document.0;
    let domain = private_domain(place.region);
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
        name: engine_name(task, PAUSE),
        image: PAUSE_IMAGE.to_owned(),
        labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        // AWS: the agent puts the name of the interface into the containers' hosts file.
        extra_hosts: host.iter().cloned().zip(interface.address.clone()).collect(),
        hostname: host,
        dns_servers: interface.wiring.resolver.iter().cloned().collect(),
        dns_search: vec![domain],
        network: engine::Network::None,
        linux: engine::LinuxParameters {
            sysctls: pause_sysctls(definition),
            // In a process namespace that the containers share, somebody has to bury their orphans.
            init: (document.pid_mode == Some(PidMode::Task)).then_some(true),
            ..engine::LinuxParameters::default()
        },
        ipc: (document.ipc_mode == Some(IpcMode::Task)).then_some(engine::Namespace::Shareable),
        log: engine::LogMode::Discard,
        ..engine::ContainerSpec::default()
    }
}
