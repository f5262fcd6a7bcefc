//! From a task definition to what its tasks ask of a container instance, and from the instance to the task's record.

use std::sync::Arc;

use api_ecs::{
    ContainerDefinition, ContainerOverride, NetworkMode, PlacementConstraint, PlacementConstraintType,
    PlacementStrategy, ResourceType, TaskOverride, TransportProtocol,
};
use roadstead_kernel::Result;

use crate::error::invalid;
use crate::fleet::Spot;
use crate::placement::{Demand, Kind, PlacementError, Port, Query, Rule, Strategy, Usage, ZONE};
use crate::records::{Host, Mode, TaskDefinition};
use crate::register::{cpu_units, mebibytes};

/// What a start asks of the instances, besides what the definition asks.
pub struct Asked<'a> {
    /// The group of the tasks.
    pub group: &'a str,
    /// Which instances can be meant.
    pub kind: Kind,
    /// What is overridden.
    pub overrides: &'a TaskOverride,
    /// Constraints.
    pub constraints: &'a [PlacementConstraint],
    /// Strategies.
    pub strategies: Vec<Strategy>,
}

impl From<PlacementError> for roadstead_kernel::Fault {
    fn from(error: PlacementError) -> Self {
        invalid(error.to_string())
    }
}

/// How the containers of a definition's tasks are connected.
// AWS: documented; `bridge` is what a definition without a network mode has.
pub fn mode(definition: &TaskDefinition) -> Mode {
    match definition.document.0.network_mode {
        Some(NetworkMode::Awsvpc) => Mode::Awsvpc,
        Some(NetworkMode::Host) => Mode::Host,
        Some(NetworkMode::None) => Mode::None,
        _ => Mode::Bridge,
    }
}

/// What tasks of a definition ask of an instance.
///
/// Errors: `InvalidParameterException` for constraints that cannot be read.
pub fn demand(definition: &TaskDefinition, asked: Asked<'_>) -> Result<Demand> {
    let document = &definition.document.0;
    let over = |container: &ContainerDefinition| {
        let all = asked.overrides.container_overrides.iter().flatten();
        all.into_iter().find(|over| over.name == container.name)
    };
    let each = || {
        definition
            .containers()
            .iter()
            .map(|container| (container, over(container)))
    };
    let whole = |own: Option<&String>, given: Option<&String>, read: fn(&str) -> Option<u32>| {
        own.or(given).and_then(|text| read(text))
    };
    let cpu = whole(asked.overrides.cpu.as_ref(), document.cpu.as_ref(), cpu_units);
    let memory = whole(asked.overrides.memory.as_ref(), document.memory.as_ref(), mebibytes);
    let of_definition = document
        .placement_constraints
        .iter()
        .flatten()
        .map(|given| PlacementConstraint {
            r#type: given
                .r#type
                .as_ref()
                .map(|kind| PlacementConstraintType::from(kind.as_str())),
            expression: given.expression.clone(),
        });
    let of_definition: Vec<PlacementConstraint> = of_definition.collect();
    Ok(Demand {
        usage: Arc::new(Usage {
            group: asked.group.into(),
            cpu: cpu.unwrap_or_else(|| sum(each().map(|(container, over)| container_cpu(container, over)))),
            memory: memory.unwrap_or_else(|| sum(each().map(|(container, over)| container_memory(container, over)))),
            gpu: sum(each().map(|(container, over)| gpus(container, over))),
            ports: host_ports(definition).into(),
        }),
        kind: asked.kind,
        attributes: definition
            .required_attributes()
            .into_iter()
            .map(|attribute| (attribute.name, attribute.value))
            .collect(),
        rules: Rule::read_all(of_definition.iter().chain(asked.constraints))?,
        strategies: asked.strategies,
    })
}

/// Checks constraints and strategies.
///
/// Errors: `InvalidParameterException` for those that cannot be read.
pub fn check(constraints: Option<&[PlacementConstraint]>, strategies: Option<&[PlacementStrategy]>) -> Result<()> {
    Rule::read_all(constraints.unwrap_or_default().iter())?;
    Strategy::read_all(strategies.unwrap_or_default())?;
    Ok(())
}

/// The place of a task on an instance, as it is recorded.
pub fn host(definition: &TaskDefinition, demand: &Demand, spot: Spot) -> Host {
    Host {
        instance: spot.instance,
        kind: demand.kind,
        zone: spot.zone,
        mode: mode(definition),
        cpu: demand.usage.cpu,
        memory: demand.usage.memory,
        gpu: demand.usage.gpu,
        ports: demand.usage.ports.to_vec(),
    }
}

/// A task's interface is in the zone of its instance.
pub fn in_zones(subnets: &[(String, String)]) -> Option<Rule> {
    if subnets.is_empty() {
        return None;
    }
    let zones: Vec<&str> = subnets.iter().map(|(_, zone)| zone.as_str()).collect();
    let text = format!("attribute:{ZONE} in [{}]", zones.join(", "));
    Query::parse(&text).ok().map(Rule::Located)
}

/// The sum of what callers gave, which no instance has if it is too large to count.
fn sum(amounts: impl Iterator<Item = u32>) -> u32 {
    amounts.fold(0, u32::saturating_add)
}

fn number(value: Option<i32>) -> Option<u32> {
    value.and_then(|value| u32::try_from(value).ok())
}

fn container_cpu(container: &ContainerDefinition, over: Option<&ContainerOverride>) -> u32 {
    number(over.and_then(|over| over.cpu).or(container.cpu)).unwrap_or(0)
}

// AWS: documented; what is reserved counts, and the limit only where nothing is.
fn container_memory(container: &ContainerDefinition, over: Option<&ContainerOverride>) -> u32 {
    let reserved = over
        .and_then(|over| over.memory_reservation)
        .or(container.memory_reservation);
    let limit = over.and_then(|over| over.memory).or(container.memory);
    number(reserved.or(limit)).unwrap_or(0)
}

fn gpus(container: &ContainerDefinition, over: Option<&ContainerOverride>) -> u32 {
    let given = over.and_then(|over| over.resource_requirements.as_ref());
    let all = given.or(container.resource_requirements.as_ref()).into_iter().flatten();
    let gpus = all.filter(|one| one.r#type == ResourceType::Gpu);
    sum(gpus.filter_map(|one| one.value.parse().ok()))
}

/// The ports of the host that a definition names; those that the engine chooses are nobody's yet.
fn host_ports(definition: &TaskDefinition) -> Vec<Port> {
    if !matches!(mode(definition), Mode::Bridge | Mode::Host) {
        return Vec::new();
    }
    let all = definition
        .containers()
        .iter()
        .flat_map(|container| container.port_mappings.iter().flatten());
    let mut ports: Vec<Port> = all
        .filter_map(|port| {
            let given = u16::try_from(port.host_port?).ok().filter(|given| *given != 0)?;
            Some(Port {
                udp: port.protocol == Some(TransportProtocol::Udp),
                number: given,
            })
        })
        .collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{DefinitionStatus, Document};
    use roadstead_core::{Tags, Timestamp};

    fn definition(text: &str) -> TaskDefinition {
        TaskDefinition {
            revision: 1,
            status: DefinitionStatus::Active,
            registered_at: Timestamp::from_secs(0),
            registered_by: String::new(),
            deregistered_at: None,
            delete_requested_at: None,
            document: Document(roadstead_wire::from_json(text).unwrap()),
            tags: Tags::new(),
        }
    }

    fn usage(text: &str) -> Usage {
        let asked = Asked {
            group: "family:web",
            kind: Kind::Ec2,
            overrides: &TaskOverride::default(),
            constraints: &[],
            strategies: Vec::new(),
        };
        (*demand(&definition(text), asked).unwrap().usage).clone()
    }

    #[test]
    fn a_task_takes_what_its_containers_ask_for_where_it_has_no_size_of_its_own() {
        let containers = r#""family": "web", "containerDefinitions": [
            {"name": "a", "image": "i", "cpu": 100, "memory": 300, "memoryReservation": 200},
            {"name": "b", "image": "i", "cpu": 50, "memory": 64}]"#;
        let found = usage(&format!("{{{containers}}}"));
        assert_eq!((found.cpu, found.memory), (150, 264));
        let found = usage(&format!(r#"{{{containers}, "cpu": "1 vCPU", "memory": "512"}}"#));
        assert_eq!((found.cpu, found.memory), (1024, 512));
    }

    #[test]
    fn amounts_too_large_to_count_are_more_than_any_instance_has() {
        let gpus = r#"[{"type": "GPU", "value": "4000000000"}, {"type": "GPU", "value": "4000000000"}]"#;
        let one = |name: &str| {
            format!(
                r#"{{"name": "{name}", "image": "i", "cpu": 2147483647, "memory": 2147483647, "resourceRequirements": {gpus}}}"#
            )
        };
        let containers = ["a", "b", "c"].map(one).join(", ");
        let found = usage(&format!(
            r#"{{"family": "web", "containerDefinitions": [{containers}]}}"#
        ));
        assert_eq!((found.cpu, found.memory, found.gpu), (u32::MAX, u32::MAX, u32::MAX));
    }

    #[test]
    fn only_ports_that_are_named_are_taken() {
        let ports = |mode: &str| {
            let found = usage(&format!(
                r#"{{"family": "web", "networkMode": "{mode}", "containerDefinitions": [{{"name": "a", "image": "i", "memory": 1,
                "portMappings": [{{"containerPort": 80, "hostPort": 8080}}, {{"containerPort": 81, "hostPort": 0}},
                                 {{"containerPort": 53, "hostPort": 53, "protocol": "udp"}}]}}]}}"#
            ));
            found
                .ports
                .iter()
                .map(|port| (port.udp, port.number))
                .collect::<Vec<_>>()
        };
        assert_eq!(ports("bridge"), [(false, 8080), (true, 53)]);
        assert_eq!(ports("awsvpc"), []);
        assert_eq!(ports("none"), []);
    }
}
