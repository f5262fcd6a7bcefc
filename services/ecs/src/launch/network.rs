//! The network of a container whose task has no network interface of its own, and the ports of the host that lead to it.

use api_ecs::{ContainerDefinition, TransportProtocol};
use roadstead_containers as engine;

use super::Unsupported;
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
            ports: ports(container)?,
        },
    })
}

/// The ports that a definition asks for; the engine chooses those of the host that are not named.
fn ports(container: &ContainerDefinition) -> Result<Vec<engine::PortBinding>, Unsupported> {
    let given = container.port_mappings.iter().flatten();
    given
        .map(|port| {
            if port.container_port_range.is_some() {
                return Err("containerPortRange with the network mode bridge is not available".to_owned());
            }
            let number = |value: Option<i32>| {
                value
                    .and_then(|value| u16::try_from(value).ok())
                    .filter(|port| *port != 0)
            };
            let Some(own) = number(port.container_port) else {
                return Err("a port mapping has no containerPort".to_owned());
            };
            Ok(engine::PortBinding {
                container_port: own,
                protocol: if port.protocol == Some(TransportProtocol::Udp) {
                    engine::Protocol::Udp
                } else {
                    engine::Protocol::Tcp
                },
                host_ip: None,
                host_port: number(port.host_port),
            })
        })
        .collect()
}

/// The ports of the host that lead to a running container, as the engine says.
pub fn bindings(state: &engine::ContainerState) -> Vec<Binding> {
    let mut found: Vec<Binding> = state
        .ports
        .iter()
        .filter_map(|port| {
            Some(Binding {
                // The engine says so too of what it binds to all addresses.
                ip: port.host_ip.map_or("0.0.0.0".to_owned(), |ip| ip.to_string()),
                container: port.container_port,
                host: port.host_port?,
                udp: port.protocol == engine::Protocol::Udp,
            })
        })
        .collect();
    found.sort_by(|a, b| (a.container, a.udp, &a.ip).cmp(&(b.container, b.udp, &b.ip)));
    found
}
