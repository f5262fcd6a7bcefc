//! ECS tells what was left out as what it stands for, and never a container's environment (recorded).

use roadstead_kernel::audit::Record;
use serde_json::{Map, Value, json};

/// What stands in the place of a container's environment.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// `requestParameters` of a call; `None` where they are not told.
pub fn parameters(record: &Record, told: Value) -> Option<Value> {
    let Value::Object(mut members) = hidden(told) else {
        return None;
    };
    match &*record.operation {
        // AWS: a task of an unknown definition is told without parameters.
        "RunTask" | "StartTask" if is_unknown_definition(record) => return None,
        "RunTask" => {
            for name in ["enableECSManagedTags", "enableExecuteCommand", "dryrun"] {
                stands(&mut members, name, false);
            }
            redact_commands(&mut members);
        }
        "RegisterTaskDefinition" => {
            stands(&mut members, "dryrun", false);
            let containers = members.get_mut("containerDefinitions").and_then(Value::as_array_mut);
            for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
                stands(container, "cpu", 0);
            }
        }
        _ => {}
    }
    Some(Value::Object(members))
}

/// The commands that a task's overrides give.
// AWS: recorded by others.
fn redact_commands(members: &mut Map<String, Value>) {
    let overrides = members.get_mut("overrides").and_then(Value::as_object_mut);
    let containers = overrides.and_then(|given| given.get_mut("containerOverrides"));
    for container in containers.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(command) = container.get_mut("command") {
            *command = json!(["***REDACTED***"]);
        }
    }
}

fn is_unknown_definition(record: &Record) -> bool {
    let failure = record.error.as_ref();
    failure.is_some_and(|error| error.code == "ClientException" && error.message == "TaskDefinition not found.")
}

fn stands(members: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    members.entry(name).or_insert_with(|| value.into());
}

/// Everything but environments.
pub fn hidden(told: Value) -> Value {
    match told {
        Value::Object(members) => {
            let hide = |(name, value): (String, Value)| {
                let value = if name == "environment" {
                    Value::from(HIDDEN)
                } else {
                    hidden(value)
                };
                (name, value)
            };
            members.into_iter().map(hide).collect()
        }
        Value::Array(items) => items.into_iter().map(hidden).collect(),
        plain => plain,
    }
}
