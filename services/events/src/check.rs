//! What rules, targets and tags must be like.

use api_events::{PutTargetsResultEntry, Tag, Target};
use roadstead_core::tags::{MAX_TAGS, is_reserved};
use roadstead_core::{Arn, Tags};
use roadstead_kernel::Result;

use crate::arn::DEFAULT;
use crate::error::{invalid, invalid_pattern, limit_exceeded};
use crate::input::Path;
use crate::pattern::Pattern;
use crate::schedule::Schedule;

/// The most targets of a rule.
pub const MAX_TARGETS: usize = 5;
/// The most rules of a bus.
pub const MAX_RULES: usize = 300;
/// The most buses of a region, the default one counted.
pub const MAX_BUSES: usize = 100;

/// What a rule is to pick, and when it is to fire.
pub fn rule(bus: &str, pattern: Option<&str>, schedule: Option<&str>) -> Result<()> {
    let given = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
    if !given(pattern) && !given(schedule) {
        return Err(invalid(
            "Parameter(s) EventPattern or ScheduleExpression must be specified.",
        ));
    }
    if let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) {
        Pattern::parse(pattern).map_err(|why| invalid_pattern(&why))?;
    }
    if let Some(schedule) = schedule.filter(|schedule| !schedule.is_empty()) {
        if bus != DEFAULT {
            return Err(invalid(
                "ScheduleExpression is supported only on the default event bus.",
            ));
        }
        Schedule::parse(schedule).ok_or_else(|| invalid("Parameter ScheduleExpression is not valid."))?;
    }
    Ok(())
}

/// What must hold for a whole call that puts targets. Errors: `ValidationException`.
pub fn targets(targets: &[Target]) -> Result<()> {
    for (at, target) in targets.iter().enumerate() {
        if targets.iter().take(at).any(|other| other.id == target.id) {
            return Err(invalid(format!("Duplicate target id {} in the request.", target.id)));
        }
        let inputs = [
            target.input.is_some(),
            target.input_path.is_some(),
            target.input_transformer.is_some(),
        ];
        if inputs.into_iter().filter(|given| *given).count() > 1 {
            return Err(invalid(format!(
                "Only one of Input, InputPath, or InputTransformer must be provided for target {}.",
                target.id
            )));
        }
        if let Some(input) = &target.input {
            let parsed = serde_json::from_str::<serde::de::IgnoredAny>(input);
            parsed.map_err(|_| invalid(format!("JSON syntax error in input for target {}.", target.id)))?;
        }
        let transformer = target.input_transformer.as_ref();
        let paths = transformer.and_then(|transformer| transformer.input_paths_map.as_ref());
        for path in target
            .input_path
            .iter()
            .chain(paths.into_iter().flat_map(|paths| paths.values()))
        {
            if Path::parse(path).is_none() {
                return Err(invalid(format!("Invalid JSON path {path} for target {}.", target.id)));
            }
        }
        for name in paths.into_iter().flat_map(|paths| paths.keys()) {
            if name.to_ascii_uppercase().starts_with("AWS.") {
                return Err(invalid(format!(
                    "Invalid InputPathsMap key {name} for target {}: keys cannot begin with AWS.",
                    target.id
                )));
            }
        }
    }
    Ok(())
}

/// What keeps one target from being put, while others of the same call are.
pub fn target(target: &Target) -> Option<PutTargetsResultEntry> {
    let refuse = |message: String| PutTargetsResultEntry {
        target_id: Some(target.id.clone()),
        error_code: Some("ValidationException".to_owned()),
        error_message: Some(message),
    };
    let Some(arn) = Arn::parse(&target.arn) else {
        return Some(refuse(format!(
            "Parameter {} is not valid. Reason: Provided Arn is not in correct format.",
            target.arn
        )));
    };
    let queue = target
        .dead_letter_config
        .as_ref()
        .and_then(|config| config.arn.as_deref());
    if let Some(queue) = queue
        && Arn::parse(queue).is_none_or(|queue| queue.service != "sqs")
    {
        return Some(refuse(format!(
            "Parameter DeadLetterConfig.Arn {queue} is not valid. Reason: it is not the ARN of a queue."
        )));
    }
    let role = target.role_arn.as_deref().filter(|role| !role.is_empty());
    match (arn.service, arn.typed_resource()) {
        ("ecs", _) if target.ecs_parameters.is_none() => Some(refuse(format!(
            "Parameter(s) EcsParameters must be specified for target: {}.",
            target.id
        ))),
        ("ecs" | "kinesis" | "states" | "batch", _) if role.is_none() => {
            Some(refuse(format!("RoleArn is required for target {}.", target.arn)))
        }
        ("sqs", _) if target.arn.strip_suffix(".fifo").is_some() && target.sqs_parameters.is_none() => {
            Some(refuse(format!(
                "Parameter(s) SqsParameters must be specified for target: {}.",
                target.id
            )))
        }
        _ => None,
    }
}

/// Tags as a call gives them. Errors: `ValidationException` for keys that are AWS's.
pub fn tags(given: &[Tag]) -> Result<Tags> {
    if given.iter().any(|tag| is_reserved(&tag.key)) {
        return Err(invalid("System tags cannot be added/updated by requester"));
    }
    let tags: Tags = given.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect();
    count(&tags)?;
    Ok(tags)
}

/// Refuses more tags than a resource can have.
pub fn count(tags: &Tags) -> Result<()> {
    if tags.counted() > MAX_TAGS {
        return Err(limit_exceeded());
    }
    Ok(())
}

/// Tags as replies carry them.
pub fn tags_to_api(tags: &Tags) -> Vec<Tag> {
    let one = |(key, value): (&str, &str)| Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    tags.iter().map(one).collect()
}

/// The page after a token, and its size.
pub fn page(filters: &str, token: Option<&str>, limit: Option<i32>) -> Result<(Option<String>, usize)> {
    let after = token.map(|token| {
        roadstead_core::paging::key(filters, token)
            .ok_or_else(|| invalid("Parameter NextToken is not valid. Reason: Token is not valid."))
    });
    let size = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(100);
    Ok((after.transpose()?, size))
}

/// An optional text of which an empty one counts as none.
pub fn some(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Refuses to delete the bus that every account has.
pub fn not_default(bus: &str) -> Result<()> {
    if bus == DEFAULT {
        return Err(invalid("Cannot delete event bus default."));
    }
    Ok(())
}
