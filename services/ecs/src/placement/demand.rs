//! What a task takes from a container instance, and what it asks of it.

use std::fmt;
use std::sync::Arc;

use api_ecs::{PlacementConstraint, PlacementConstraintType, PlacementStrategy, PlacementStrategyType};

use serde::{Deserialize, Serialize};

use super::query::Query;

/// The attribute that names an instance's availability zone.
pub const ZONE: &str = "ecs.availability-zone";
/// The attribute of instances that are not EC2's.
const EXTERNAL: &str = "ecs.capability.external";
/// Most constraints of a task, those of its definition and those of the request together.
// AWS: documented.
const MAX_RULES: usize = 10;
/// Most strategies.
// AWS: documented.
pub(super) const MAX_STRATEGIES: usize = 5;

/// What a task takes from the instance that it is placed on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Usage {
    /// The task's group: `service:<name>`, `family:<family>` or what the caller gave.
    pub group: Arc<str>,
    /// CPU units.
    pub cpu: u32,
    /// Memory in MiB.
    pub memory: u32,
    /// GPUs.
    pub gpu: u32,
    /// Ports of the host.
    pub ports: Box<[Port]>,
}

/// A port of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Port {
    /// Whether it is UDP's; TCP's otherwise.
    pub udp: bool,
    /// The number.
    pub number: u16,
}

/// Which instances a launch type means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Those of EC2.
    Ec2,
    /// Those with the attribute `ecs.capability.external`.
    External,
}

impl Kind {
    /// Which launch type means an instance with such attributes.
    pub fn of<'a>(mut names: impl Iterator<Item = &'a str>) -> Self {
        if names.any(|name| name == EXTERNAL) {
            Self::External
        } else {
            Self::Ec2
        }
    }
}

/// What a task asks of its instance, and which of the fitting ones is the best.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Demand {
    /// What it takes.
    pub usage: Arc<Usage>,
    /// Which instances can be meant.
    pub kind: Kind,
    /// Attributes that the instance must have; with the value, where there is one.
    pub attributes: Vec<(String, Option<String>)>,
    /// What must hold.
    pub rules: Vec<Rule>,
    /// What is best, the most important first; without any, an instance is picked at random.
    pub strategies: Vec<Strategy>,
}

/// A placement constraint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// No two tasks of the group on one instance.
    Distinct,
    /// The expression holds of the instance.
    MemberOf(Query),
    /// The instance is in a zone of the task's subnets, which the expression says.
    Located(Query),
}

/// A placement strategy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// Where the fewest tasks of the group are.
    Spread(Field),
    /// Where the least is left.
    Binpack(Resource),
    /// Anywhere.
    Random,
}

/// What tasks are spread over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// Instances.
    Instance,
    /// The values of an attribute; instances without it share one value.
    Attribute(String),
}

/// A resource that instances are filled by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// CPU units.
    Cpu,
    /// Memory.
    Memory,
}

/// Why an instance does not take a task; a later reason is closer to taking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// It is draining or deregistered.
    Inactive,
    /// Its agent is not connected.
    Agent,
    /// It lacks an attribute.
    Attribute,
    /// It is in another zone than the task's subnets.
    Location,
    /// An expression does not hold.
    MemberOf,
    /// It has a task of the group.
    Distinct,
    /// Too few CPU units are left.
    Cpu,
    /// Too little memory is left.
    Memory,
    /// Too few GPUs are left.
    Gpu,
    /// A port is taken.
    Ports,
}

impl Refusal {
    /// The reason of a failure, in AWS's words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Inactive => "INACTIVE",
            Self::Agent => "AGENT",
            Self::Attribute => "ATTRIBUTE",
            // AWS: documented.
            Self::Location => "LOCATION",
            // AWS: both from memory.
            Self::MemberOf => "MemberOf placement constraint unsatisfied.",
            Self::Distinct => "DistinctInstance placement constraint unsatisfied.",
            Self::Cpu => "RESOURCE:CPU",
            Self::Memory => "RESOURCE:MEMORY",
            Self::Gpu => "RESOURCE:GPU",
            Self::Ports => "RESOURCE:PORTS",
        }
    }

    /// What is said of the closest instance in a service's message.
    // AWS: reported; the two about constraints are from memory.
    pub fn message(self) -> &'static str {
        match self {
            Self::Inactive => "encountered error \"INACTIVE\"",
            Self::Agent => "encountered error \"AGENT\"",
            Self::Attribute => "is missing an attribute required by your task",
            Self::Location => "encountered error \"LOCATION\"",
            Self::MemberOf => "encountered error \"MemberOf placement constraint unsatisfied.\"",
            Self::Distinct => "encountered error \"DistinctInstance placement constraint unsatisfied.\"",
            Self::Cpu => "has insufficient CPU units available",
            Self::Memory => "has insufficient memory available",
            Self::Gpu => "has insufficient GPU available",
            Self::Ports => "is already using a port required by your task",
        }
    }
}

/// Why constraints or strategies cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementError(String);

impl fmt::Display for PlacementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Rule {
    /// Reads constraints.
    pub fn read_all<'a>(given: impl Iterator<Item = &'a PlacementConstraint>) -> Result<Vec<Self>, PlacementError> {
        let rules: Vec<Self> = given.map(Self::read).collect::<Result<_, _>>()?;
        if rules.len() > MAX_RULES {
            return Err(PlacementError(format!(
                "Placement constraints cannot have more than {MAX_RULES} elements."
            )));
        }
        Ok(rules)
    }

    fn read(given: &PlacementConstraint) -> Result<Self, PlacementError> {
        let expression = given.expression.as_deref().filter(|text| !text.is_empty());
        match (&given.r#type, expression) {
            (Some(PlacementConstraintType::DistinctInstance), None) => Ok(Self::Distinct),
            (Some(PlacementConstraintType::DistinctInstance), Some(_)) => Err(PlacementError(
                "The distinctInstance placement constraint does not take an expression.".to_owned(),
            )),
            (Some(PlacementConstraintType::MemberOf), Some(text)) => match Query::parse(text) {
                Ok(query) => Ok(Self::MemberOf(query)),
                Err(why) => Err(PlacementError(format!(
                    "Invalid cluster query language expression {text}: {why}."
                ))),
            },
            (Some(PlacementConstraintType::MemberOf), None) => Err(PlacementError(
                "The memberOf placement constraint needs an expression.".to_owned(),
            )),
            _ => Err(PlacementError(
                "Placement constraint type should be one of [distinctInstance,memberOf]".to_owned(),
            )),
        }
    }
}

impl Strategy {
    /// Reads strategies.
    pub fn read_all(given: &[PlacementStrategy]) -> Result<Vec<Self>, PlacementError> {
        if given.len() > MAX_STRATEGIES {
            return Err(PlacementError(format!(
                "Placement strategies cannot have more than {MAX_STRATEGIES} elements."
            )));
        }
        given.iter().map(Self::read).collect()
    }

    /// What a service without strategies is placed by.
    // AWS: documented.
    pub fn of_services() -> Vec<Self> {
        vec![Self::Spread(Field::Attribute(ZONE.to_owned()))]
    }

    fn read(given: &PlacementStrategy) -> Result<Self, PlacementError> {
        let field = given.field.as_deref().filter(|field| !field.is_empty());
        match &given.r#type {
            Some(PlacementStrategyType::Random) => Ok(Self::Random),
            Some(PlacementStrategyType::Binpack) => match field.map(str::to_ascii_lowercase).as_deref() {
                Some("cpu") => Ok(Self::Binpack(Resource::Cpu)),
                Some("memory") => Ok(Self::Binpack(Resource::Memory)),
                _ => Err(PlacementError(
                    "The field of a binpack placement strategy should be one of [cpu,memory]".to_owned(),
                )),
            },
            Some(PlacementStrategyType::Spread) => match field {
                Some("instanceId" | "host") => Ok(Self::Spread(Field::Instance)),
                Some(other) => match other.strip_prefix("attribute:").filter(|name| !name.is_empty()) {
                    Some(name) => Ok(Self::Spread(Field::Attribute(name.to_owned()))),
                    None => Err(PlacementError(format!(
                        "The field {other} of a spread placement strategy is neither instanceId, host nor attribute:<name>."
                    ))),
                },
                None => Err(PlacementError("A spread placement strategy needs a field.".to_owned())),
            },
            _ => Err(PlacementError(
                "Placement strategy type should be one of [random,spread,binpack]".to_owned(),
            )),
        }
    }
}
