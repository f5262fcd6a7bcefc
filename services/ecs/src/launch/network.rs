//! The network of a container whose task has no network interface of its own, and the ports of the host that lead to it.

use api_ecs::ContainerDefinition;
use roadstead_containers as engine;

use super::Unsupported;
use crate::ports;
use crate::records::{Binding, Mode, Task};

/// The network of a container. `pause` is the container whose network it joins, where there is one.
pub(super) fn network(
    task: &Task,
    container: &ContainerDefinition,
    pause: Option<&engine::ContainerId>,
) -> Result<engine::Network, Unsupported> {
    if let Some(first) = pause {
        return Ok(engine::Network::Container(first.clone()));
    }
    let mode = task.host.as_ref().map(|host| host.mode);
    if container.disable_networking == Some(true) {
        return Ok(engine::Network::None);
    }
    Ok(match mode {
        None | Some(Mode::Awsvpc | Mode::None) => engine::Network::None,
        Some(Mode::Host) => engine::Network::Host,
        Some(Mode::Bridge) => engine::Network::Bridge {
            ports: mapped(container)?,
        },
    })
}

/// The ports that a definition asks for; those of the host that are not named are chosen by the engine, or later for ranges.
fn mapped(container: &ContainerDefinition) -> Result<Vec<engine::PortBinding>, Unsupported> {
    let mut found = Vec::new();
    for mapping in container.port_mappings.iter().flatten() {
        let Some(own) = ports::of_mapping(mapping) else {
            return Err("a port mapping names no port of the container".to_owned());
        };
        let host_port = mapping
            .host_port
            .and_then(|port| u16::try_from(port).ok())
            .filter(|port| *port != 0);
        found.extend(own.map(|container_port| engine::PortBinding {
            container_port,
            protocol: ports::protocol(mapping),
            host_ip: None,
            host_port,
        }));
    }
    Ok(found)
}

/// The ports of the host that lead to a running container, as the engine says.
pub fn bindings(state: &engine::ContainerState, container: &ContainerDefinition) -> Vec<Binding> {
    let found: Vec<Binding> = state
        .ports
        .iter()
        .filter_map(|port| {
            Some(Binding {
                // The engine says so too of what it binds to all addresses.
                ip: port.host_ip.map_or("0.0.0.0".to_owned(), |ip| ip.to_string()),
                container: port.container_port,
                host: port.host_port?,
                udp: port.protocol == engine::Protocol::Udp,
                more: None,
            })
        })
        .collect();
    ports::in_ranges(container, found)
}
