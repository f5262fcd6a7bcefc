//! What several operations refuse in a request, in AWS's words where they are known.

use api_ecs::{AwsVpcConfiguration, LaunchType, PlacementConstraint, PlacementStrategy, TaskOverride};
use roadstead_kernel::{Fault, Result};

use crate::error::invalid;

/// Most characters of the overrides of a task, as JSON.
// AWS: documented.
const MAX_OVERRIDES: usize = 8192;
/// Most subnets of a task.
// AWS: documented.
const MAX_SUBNETS: usize = 16;
/// Most security groups of a task.
// AWS: documented.
const MAX_GROUPS: usize = 5;

/// Refuses a client token that is too long, or that has other characters than those from 33 to 126.
pub fn client_token(given: Option<&str>, most: usize) -> Result<()> {
    let Some(token) = given else { return Ok(()) };
    if token.chars().count() > most {
        // AWS: recorded for CreateService.
        return Err(invalid(format!("idempotency token longer than {most}.")));
    }
    // AWS: the rule is documented, not the text.
    if token.bytes().all(|b| (33..=126).contains(&b)) {
        Ok(())
    } else {
        Err(invalid("idempotency token contains invalid characters."))
    }
}

/// Refuses a `startedBy` that is too long.
// AWS: the text is reported (convox/rack#1843); the characters are not looked at, as schedulers send dots and spaces.
pub fn started_by(given: Option<&str>, most: usize) -> Result<()> {
    match given {
        Some(text) if text.chars().count() > most => Err(invalid(format!("startedBy longer than {most}."))),
        _ => Ok(()),
    }
}

/// Refuses a grace period out of its range.
// AWS: the range is documented, not the text.
pub fn grace_period(given: Option<i32>) -> Result<()> {
    match given {
        Some(secs) if secs < 0 => Err(invalid("Health check grace period can not be lesser than 0")),
        _ => Ok(()),
    }
}

/// Refuses overrides that are too long.
pub fn overrides(given: Option<&TaskOverride>) -> Result<()> {
    let Some(given) = given else { return Ok(()) };
    let text = String::from_utf8(roadstead_wire::to_json(given)).map_err(Fault::internal)?;
    if text.chars().count() > MAX_OVERRIDES {
        // AWS: reported (artilleryio/artillery#2584).
        return Err(invalid(format!(
            "Container Overrides length must be at most {MAX_OVERRIDES}"
        )));
    }
    Ok(())
}

/// Refuses too many subnets or security groups, or no subnet at all.
// AWS: the first text is second hand, the next one reported (opensearch-migrations#1430), the last one formed alike.
pub fn vpc(given: &AwsVpcConfiguration) -> Result<()> {
    if given.subnets.is_empty() {
        return Err(invalid("subnets can not be empty."));
    }
    if given.subnets.len() > MAX_SUBNETS {
        return Err(invalid(format!("subnets can have at most {MAX_SUBNETS} items.")));
    }
    if given
        .security_groups
        .as_ref()
        .is_some_and(|groups| groups.len() > MAX_GROUPS)
    {
        return Err(invalid(format!("securityGroups can have at most {MAX_GROUPS} items.")));
    }
    Ok(())
}

/// Refuses a platform version for tasks on container instances.
// AWS: reported (ansible-collections/community.aws#770).
pub fn platform_on_instances(given: Option<&str>) -> Result<()> {
    match given.filter(|text| !text.is_empty()) {
        Some(_) => Err(invalid(
            "The platform version must be null when specifying an EC2 launch type.",
        )),
        None => Ok(()),
    }
}

/// Refuses rules about instances for tasks that run on none.
// AWS: reported (cloudlift#138).
pub fn placement(
    launch: Option<&LaunchType>,
    constraints: Option<&[PlacementConstraint]>,
    strategies: Option<&[PlacementStrategy]>,
) -> Result<()> {
    if launch != Some(&LaunchType::Fargate) {
        return Ok(());
    }
    let given = |is_empty: Option<bool>| is_empty == Some(false);
    if given(constraints.map(<[_]>::is_empty)) {
        return Err(invalid(
            "Placement constraints are not supported with FARGATE launch type.",
        ));
    }
    if given(strategies.map(<[_]>::is_empty)) {
        return Err(invalid(
            "Placement strategies are not supported with FARGATE launch type.",
        ));
    }
    Ok(())
}

/// Refuses a group that only the tasks of a service have.
pub fn group(given: Option<&str>) -> Result<()> {
    match given {
        Some(group) if group.starts_with("service:") => Err(invalid(
            "The group of a task that no service starts can't begin with 'service:'.",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(result: Result<()>) -> String {
        result.unwrap_err().api().unwrap().message.clone()
    }

    #[test]
    fn a_token_has_a_length_and_an_alphabet() {
        assert!(client_token(None, 3).is_ok());
        assert!(client_token(Some("a~!"), 3).is_ok());
        assert_eq!(said(client_token(Some("abcd"), 3)), "idempotency token longer than 3.");
        assert!(client_token(Some("a b"), 3).is_err());
        assert!(client_token(Some("é"), 3).is_err());
    }
}
