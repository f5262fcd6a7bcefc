//! The ports of a definition: each in its range, each of the host's mapped once, each name given once.

use std::collections::HashSet;

use api_ecs::{NetworkMode, PortMapping, RegisterTaskDefinitionRequest, TransportProtocol};
use roadstead_kernel::{Fault, Result};

use crate::error::client;
use crate::ports::range as read;

/// Most characters of the name of a port.
const MAX_NAME: usize = 64;

/// Refuses ports that there are not, and ports of one network interface or host that are mapped twice.
///
/// Errors: `ClientException`, in AWS's words where they are known.
pub(super) fn check(given: &RegisterTaskDefinitionRequest) -> Result<()> {
    let shared = matches!(given.network_mode, Some(NetworkMode::Awsvpc | NetworkMode::Host));
    let (mut taken, mut names) = (HashSet::new(), HashSet::new());
    for container in &given.container_definitions {
        let name = container.name.as_deref().unwrap_or_default();
        for port in container.port_mappings.iter().flatten() {
            check_range(port, name)?;
            let host = match port.host_port {
                None | Some(0) if shared => port.container_port,
                other => other.filter(|port| *port != 0),
            };
            let udp = port.protocol == Some(TransportProtocol::Udp);
            if let Some(host) = host.filter(|host| !taken.insert((*host, udp))) {
                // AWS: reported (amazon-ecs-agent#1220).
                let protocol = if udp { "UDP" } else { "TCP" };
                return Err(client(format!(
                    "{protocol} host port '{host}' is mapped multiple times in task."
                )));
            }
            if let Some(given) = port.name.as_deref() {
                if !is_port_name(given) {
                    return Err(invalid(name, "name"));
                }
                if !names.insert(given) {
                    return Err(client(format!(
                        "The port name '{given}' is used more than once in the task definition."
                    )));
                }
            }
        }
    }
    Ok(())
}

// AWS: reported (aws-cli#7288), for a port that is missing.
fn invalid(container: &str, what: &str) -> Fault {
    client(format!("Invalid '{what}' setting for container '{container}'."))
}

fn check_range(port: &PortMapping, container: &str) -> Result<()> {
    if let Some(range) = port.container_port_range.as_deref() {
        if port.container_port.is_some() || port.host_port.is_some() {
            return Err(client(format!(
                "Container '{container}' can have either 'containerPort' or 'containerPortRange' in a port mapping, and a range has no 'hostPort'."
            )));
        }
        return match read(range) {
            Some(_) => Ok(()),
            None => Err(invalid(container, "containerPortRange")),
        };
    }
    if !port.container_port.is_some_and(|port| (1..=65535).contains(&port)) {
        return Err(invalid(container, "containerPort"));
    }
    match port.host_port {
        None | Some(0..=65535) => Ok(()),
        Some(_) => Err(invalid(container, "hostPort")),
    }
}

// AWS: documented; letters of both cases, digits, `_` and `-`, which it does not begin with.
fn is_port_name(text: &str) -> bool {
    text.len() <= MAX_NAME && crate::arn::is_name(text) && !text.starts_with('-')
}
