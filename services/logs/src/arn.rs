//! The ARNs of log groups and streams, and the identifiers that callers give for groups.

use roadstead_core::Arn;
use roadstead_core::arn::Place;
use roadstead_kernel::Result;

use crate::error::{group_not_found, invalid};

/// A log group, as tags, `logGroupArn` and identifiers name it.
pub fn group(place: Place, name: &str) -> String {
    place.arn("logs", format_args!("log-group:{name}"))
}

/// A log group with all its streams, as `arn` shows it and policies mostly name it.
pub fn group_and_streams(place: Place, name: &str) -> String {
    place.arn("logs", format_args!("log-group:{name}:*"))
}

/// A log stream.
pub fn stream(place: Place, group: &str, stream: &str) -> String {
    place.arn("logs", format_args!("log-group:{group}:log-stream:{stream}"))
}

/// A log group as most of its operations are authorized: with an empty stream name.
// AWS: so in its messages (`…:log-group::log-stream:` for DescribeLogGroups, hashicorp/terraform-provider-aws#8804), and
// so the ECS role's policy has it, which allows DescribeLogStreams on `log-group:/aws/ecs/*:log-stream:*`.
pub fn group_in_policies(place: Place, name: &str) -> String {
    stream(place, name, "")
}

/// The name in a group's ARN. Errors: `InvalidParameterException`; not found where it lives in another place.
pub fn group_name_of(place: Place, arn: &str) -> Result<String> {
    let parsed = Arn::parse(arn).filter(|arn| arn.service == "logs");
    let Some((arn, ("log-group", name))) = parsed.and_then(|arn| Some((arn, arn.typed_resource()?))) else {
        return Err(invalid(format!(
            "The specified resource ARN `{arn}` is not the ARN of a log group."
        )));
    };
    let name = name.strip_suffix(":*").unwrap_or(name);
    if name.is_empty() || name.contains(':') {
        return Err(invalid(format!(
            "The specified resource ARN `{arn}` is not the ARN of a log group."
        )));
    }
    if arn.place() != Some(place) {
        return Err(group_not_found());
    }
    Ok(name.to_owned())
}

/// The group that a call names by name or by identifier (a name or an ARN), of which it must give one.
pub fn named_group(place: Place, name: Option<&str>, identifier: Option<&str>) -> Result<String> {
    match (name, identifier) {
        (Some(name), None) => Ok(name.to_owned()),
        (None, Some(identifier)) if identifier.starts_with("arn:") => group_name_of(place, identifier),
        (None, Some(identifier)) => Ok(identifier.to_owned()),
        (None, None) => Err(invalid("Either logGroupName or logGroupIdentifier must be specified.")),
        (Some(_), Some(_)) => Err(invalid(
            "Only one of logGroupName and logGroupIdentifier may be specified.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roadstead_core::{AccountId, Region};

    fn check(arn: &str) -> Result<String, String> {
        let place = Place {
            account: AccountId::parse("123456789012").unwrap(),
            region: Region::US_EAST_1,
        };
        group_name_of(place, arn).map_err(|fault| fault.api().unwrap().name().to_owned())
    }

    #[test]
    fn a_groups_arn_is_taken_with_and_without_its_star() {
        assert_eq!(
            check("arn:aws:logs:us-east-1:123456789012:log-group:/ecs/web").unwrap(),
            "/ecs/web"
        );
        assert_eq!(
            check("arn:aws:logs:us-east-1:123456789012:log-group:/ecs/web:*").unwrap(),
            "/ecs/web"
        );
    }

    #[test]
    fn an_arn_of_something_else_is_refused() {
        for other in [
            "x",
            "arn:aws:logs:us-east-1:123456789012:destination:a",
            "arn:aws:ecs:us-east-1:123456789012:log-group:a",
        ] {
            assert_eq!(check(other).unwrap_err(), "InvalidParameterException");
        }
        let elsewhere = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/web";
        assert_eq!(check(elsewhere).unwrap_err(), "ResourceNotFoundException");
    }
}
