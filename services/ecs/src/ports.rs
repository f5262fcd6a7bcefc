//! Ranges of a container's ports: what they may be, and which ports of the host lead to them.

use std::ops::RangeInclusive;

use api_ecs::{ContainerDefinition, PortMapping, TransportProtocol};
use roadstead_containers as engine;

use crate::records::Binding;

/// The ports of a range, `first-last`; `None` for what is no range of ports.
// AWS: documented; the first port must be less than the last.
pub fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-')?;
    let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
    (first > 0 && first < last).then_some(first..=last)
}

/// The ports of the container that a mapping is about.
pub fn of_mapping(mapping: &PortMapping) -> Option<RangeInclusive<u16>> {
    match &mapping.container_port_range {
        Some(text) => range(text),
        None => {
            let port = u16::try_from(mapping.container_port?).ok().filter(|port| *port > 0)?;
            Some(port..=port)
        }
    }
}

/// The protocol of a mapping, as the engine names it.
pub fn protocol(mapping: &PortMapping) -> engine::Protocol {
    if mapping.protocol == Some(TransportProtocol::Udp) {
        engine::Protocol::Udp
    } else {
        engine::Protocol::Tcp
    }
}

/// The mappings of whole ranges, each with its ports and its protocol.
fn ranges(container: &ContainerDefinition) -> impl Iterator<Item = (RangeInclusive<u16>, engine::Protocol)> {
    let all = container.port_mappings.iter().flatten();
    all.filter_map(|mapping| {
        let ports = range(mapping.container_port_range.as_deref()?)?;
        Some((ports, protocol(mapping)))
    })
}

/// Finds ports of the host in a row for each range; the range for which there are none otherwise.
// AWS: documented; ranges of containers on the bridge get ports out of those that the host gives out by itself.
pub fn find(
    runtime: &dyn engine::Runtime,
    container: &ContainerDefinition,
    spec: &mut engine::ContainerSpec,
) -> Result<(), String> {
    let engine::Network::Bridge { ports } = &mut spec.network else {
        return Ok(());
    };
    for (range, protocol) in ranges(container) {
        let count = (range.end() - range.start()).saturating_add(1);
        let Some(first) = runtime.free_ports(count, protocol) else {
            return Err(format!("there are no {count} free ports of the host in a row"));
        };
        for port in ports
            .iter_mut()
            .filter(|port| port.protocol == protocol && range.contains(&port.container_port))
        {
            port.host_port = Some(first + (port.container_port - range.start()));
        }
    }
    Ok(())
}

/// The bindings of a container with those of each range as one.
pub fn in_ranges(container: &ContainerDefinition, mut bindings: Vec<Binding>) -> Vec<Binding> {
    for (range, protocol) in ranges(container) {
        let is_in = |one: &Binding| {
            one.udp == (protocol == engine::Protocol::Udp) && one.more.is_none() && range.contains(&one.container)
        };
        let mut addresses: Vec<String> = Vec::new();
        for one in bindings.iter().filter(|one| is_in(one)) {
            if !addresses.contains(&one.ip) {
                addresses.push(one.ip.clone());
            }
        }
        for ip in addresses {
            let (mut those, others): (Vec<Binding>, Vec<Binding>) =
                bindings.into_iter().partition(|one| is_in(one) && one.ip == ip);
            bindings = others;
            those.sort_by_key(|one| one.container);
            match whole(&range, &those) {
                Some(whole) => bindings.push(whole),
                None => bindings.extend(those),
            }
        }
    }
    bindings.sort_by(|a, b| (a.container, a.udp, &a.ip).cmp(&(b.container, b.udp, &b.ip)));
    bindings
}

/// The bindings of every port of a range as one, if they are in a row on the host too.
fn whole(range: &RangeInclusive<u16>, sorted: &[Binding]) -> Option<Binding> {
    let first = sorted.first()?;
    let more = range.end() - range.start();
    let is_next = |(at, one): (u16, &Binding)| {
        Some(one.container) == range.start().checked_add(at) && Some(one.host) == first.host.checked_add(at)
    };
    let is_whole = sorted.len() == usize::from(more) + 1 && (0_u16..).zip(sorted).all(is_next);
    is_whole.then(|| Binding {
        more: Some(more),
        ..first.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(mappings: &str) -> ContainerDefinition {
        roadstead_wire::from_json(&format!(r#"{{"name": "a", "portMappings": {mappings}}}"#)).unwrap()
    }

    fn bound(ip: &str, container: u16, host: u16) -> Binding {
        Binding {
            ip: ip.to_owned(),
            container,
            host,
            udp: false,
            more: None,
        }
    }

    #[test]
    fn a_range_has_a_first_and_a_greater_last_port() {
        assert_eq!(range("100-200"), Some(100..=200));
        for wrong in ["100", "200-100", "100-100", "0-5", "1-65536", "a-b", "1-2-3", "-5"] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn bindings_of_a_range_are_shown_as_one_for_each_address() {
        let given = container(r#"[{"containerPort": 80}, {"containerPortRange": "100-102"}]"#);
        let all = vec![
            bound("::", 102, 5002),
            bound("::", 100, 5000),
            bound("0.0.0.0", 100, 5000),
            bound("0.0.0.0", 101, 5001),
            bound("0.0.0.0", 102, 5002),
            bound("0.0.0.0", 80, 4000),
            bound("::", 101, 5001),
        ];
        let whole = |ip: &str| Binding {
            more: Some(2),
            ..bound(ip, 100, 5000)
        };
        assert_eq!(
            in_ranges(&given, all),
            [bound("0.0.0.0", 80, 4000), whole("0.0.0.0"), whole("::")]
        );
    }

    #[test]
    fn bindings_that_are_not_in_a_row_stay_apart() {
        let given = container(r#"[{"containerPortRange": "100-101"}]"#);
        let apart = vec![bound("::", 100, 5000), bound("::", 101, 6000)];
        assert_eq!(in_ranges(&given, apart.clone()), apart);
    }
}
