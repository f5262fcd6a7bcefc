//! What was asked for and what was answered, as CloudTrail tells it, where that differs from the model's own names.

mod ec2;
mod ecs;

use roadstead_kernel::audit::Record;
use serde_json::Value;

/// `requestParameters`.
pub fn parameters(record: &Record) -> Option<Value> {
    let told = record.parameters.clone()?;
    let told = match &*record.service {
        "ec2" => ec2::parameters(&record.operation, told),
        "ecs" => ecs::parameters(record, told)?,
        "secretsmanager" => without_values(told),
        _ => told,
    };
    Some(whole_seconds(told)).filter(|told| !is_empty(told))
}

/// `responseElements`.
pub fn response(record: &Record) -> Option<Value> {
    let told = record.response.clone()?;
    let told = match &*record.service {
        "ec2" => ec2::response(record, told),
        "ecs" => ecs::hidden(told),
        "iam" | "sts" => without_secrets(told),
        // AWS: what was made is not told (documented for CreateSecret).
        "secretsmanager" if record.operation == "CreateSecret" => return None,
        _ => told,
    };
    Some(whole_seconds(told)).filter(|told| !is_empty(told))
}

/// AWS: the secret of a key that was made is left out, not masked; a session's token is told.
fn without_secrets(told: Value) -> Value {
    let Value::Object(members) = told else { return told };
    let others = members.into_iter().filter(|(name, _)| name != "secretAccessKey");
    others.map(|(name, value)| (name, without_secrets(value))).collect()
}

/// AWS: the values of secrets are left out, not masked.
fn without_values(told: Value) -> Value {
    let Value::Object(members) = told else { return told };
    let value = |name: &str| ["secretString", "secretBinary", "rotationToken"].contains(&name);
    members.into_iter().filter(|(name, _)| !value(name)).collect()
}

fn is_empty(told: &Value) -> bool {
    told.as_object().is_some_and(serde_json::Map::is_empty)
}

/// AWS: instants are told in whole seconds (recorded).
fn whole_seconds(told: Value) -> Value {
    match told {
        Value::Object(members) => {
            let cut = |(name, value): (String, Value)| {
                let value = match value {
                    Value::String(text) if is_instant(&name) => Value::String(cut_fraction(text)),
                    other => whole_seconds(other),
                };
                (name, value)
            };
            members.into_iter().map(cut).collect()
        }
        Value::Array(items) => items.into_iter().map(whole_seconds).collect(),
        plain => plain,
    }
}

/// Whether members of that name are instants in the models.
fn is_instant(name: &str) -> bool {
    ["At", "Date", "Time"].iter().any(|end| name.ends_with(end)) || name == "expiration"
}

/// `2026-11-24T06:00:00.123Z` without `.123`; any other text as it is.
fn cut_fraction(text: String) -> String {
    const FORM: &[u8] = b"0000-00-00T00:00:00.000Z";
    let fits = |(byte, form): (u8, &u8)| {
        if *form == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == *form
        }
    };
    if text.len() == FORM.len() && text.bytes().zip(FORM).all(fits) {
        text.chars().take(FORM.len() - ".000Z".len()).chain(['Z']).collect()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::whole_seconds;

    #[test]
    fn instants_lose_their_fraction_and_nothing_else_does() {
        let told = json!({
            "createdAt": "2026-11-24T06:00:00.123Z", "expiration": "2026-11-24T06:00:00Z", "repeat": "at",
            "list": [{"startTime": "2026-11-24T06:00:00.500Z", "value": "2026-11-24T06:00:00.500Z"}],
            "endTime": "2026-11-24T06:00:00.5Zzzz",
        });
        let wanted = json!({
            "createdAt": "2026-11-24T06:00:00Z", "expiration": "2026-11-24T06:00:00Z", "repeat": "at",
            "list": [{"startTime": "2026-11-24T06:00:00Z", "value": "2026-11-24T06:00:00.500Z"}],
            "endTime": "2026-11-24T06:00:00.5Zzzz",
        });
        assert_eq!(whole_seconds(told), wanted);
    }
}
