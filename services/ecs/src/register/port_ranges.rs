//! Ranges of ports in a definition: how many there may be, where they can be, and that no port is in two of them.

use api_ecs::{ContainerDefinition, NetworkMode};
use roadstead_kernel::Result;

use super::container::invalid_setting;
use crate::ports::{of_mapping, protocol};

/// Most ranges of a container.
// AWS: documented.
const MAX_RANGES: usize = 100;

/// Refuses mappings where there is no network, and ranges that are none, overlap, or stand beside single ports.
// AWS: the rules are documented, not the texts.
pub(super) fn check(mode: Option<&NetworkMode>, container: &ContainerDefinition, name: &str) -> Result<()> {
    let mappings = container.port_mappings.as_deref().unwrap_or_default();
    if mode == Some(&NetworkMode::None) && !mappings.is_empty() {
        return Err(invalid_setting(
            name,
            "Port mappings are not supported when networkMode=none.",
        ));
    }
    let ranges = mappings.iter().filter(|mapping| mapping.container_port_range.is_some());
    if ranges.clone().count() > MAX_RANGES {
        return Err(invalid_setting(
            name,
            &format!("A container has at most {MAX_RANGES} ranges of ports."),
        ));
    }
    if ranges.count() > 0 && !matches!(mode, None | Some(NetworkMode::Bridge | NetworkMode::Awsvpc)) {
        return Err(invalid_setting(
            name,
            "A 'containerPortRange' needs the network mode bridge or awsvpc.",
        ));
    }
    for (at, mapping) in mappings.iter().enumerate() {
        let Some(ports) = of_mapping(mapping) else { continue };
        let overlaps = mappings.iter().take(at).any(|other| {
            let is_range = mapping.container_port_range.is_some() || other.container_port_range.is_some();
            let others = of_mapping(other).filter(|_| is_range && protocol(other) == protocol(mapping));
            others.is_some_and(|others| others.start() <= ports.end() && ports.start() <= others.end())
        });
        if overlaps {
            return Err(invalid_setting(
                name,
                &format!(
                    "The ports {}-{} are in another port mapping already.",
                    ports.start(),
                    ports.end()
                ),
            ));
        }
    }
    Ok(())
}
