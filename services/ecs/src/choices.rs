//! Members that take one word out of a set, where ECS refuses other words in a way of its own.
//!
//! The enums that requests leave unchecked are listed in the code generator; all others are refused while a request is read.

use api_ecs::{LaunchType, SchedulingStrategy, TaskDefinitionField};
use roadstead_kernel::Result;

use crate::error::{client, invalid};

/// What is said of a launch type that there is not.
// AWS: recorded; the list has a value that no model has.
pub const LAUNCH_TYPES: &str = "launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]";

/// Refuses a launch type that there is not.
pub fn launch_type(given: Option<&LaunchType>) -> Result<()> {
    match given {
        Some(LaunchType::Other(_)) => Err(invalid(LAUNCH_TYPES)),
        _ => Ok(()),
    }
}

/// Refuses a launch type of a service or task set that there is not.
// AWS: the code is reported, and differs from that of other operations.
pub fn service_launch_type(given: Option<&LaunchType>) -> Result<()> {
    match given {
        Some(LaunchType::Other(_)) => Err(client("launch type should be one of [EC2,FARGATE]")),
        _ => Ok(()),
    }
}

/// Refuses a scheduling strategy that there is not.
pub fn scheduling_strategy(given: Option<&SchedulingStrategy>) -> Result<()> {
    match given {
        // AWS: recorded.
        Some(SchedulingStrategy::Other(_)) => Err(invalid("Scheduling strategy should be one of [REPLICA,DAEMON]")),
        _ => Ok(()),
    }
}

/// Refuses what a task definition's answer cannot include.
pub fn definition_fields(given: &[TaskDefinitionField]) -> Result<()> {
    match given.iter().find(|field| **field != TaskDefinitionField::Tags) {
        // AWS: recorded.
        Some(other) => Err(client(format!(
            "{other} is not a valid value for include. The value must be one of [[TAGS]]"
        ))),
        None => Ok(()),
    }
}
