//! Who may put events on a bus besides those whose own policies allow it.

use std::sync::Arc;

use api_events::{PutPermissionRequest, errors};
use roadstead_core::AccountId;
use roadstead_core::arn::{Place, root};
use roadstead_kernel::{Fault, Result};
use roadstead_policy::{Document, Kind, PolicyLabel, PolicyType, Program, validate};
use serde_json::{Value, json};

use crate::arn;
use crate::error::invalid;
use crate::records::Bus;

/// The longest policy of a bus, in characters.
const MAX_LENGTH: usize = 10_240;
/// The services of AWS that tell of themselves on the default bus.
const PUBLISHERS: [&str; 1] = ["ecs.amazonaws.com"];

/// The policy of a bus as it is decided by: what its owner allowed and, on the default bus, that AWS's services tell of
/// themselves. Services that nobody listens to need no permission, and no other bus takes their events.
pub fn program(place: Place, bus: &Bus) -> Result<Option<Arc<Program>>> {
    let mut statements = statements(bus.policy.as_deref())?;
    if bus.name == arn::DEFAULT {
        statements.push(json!({
            "Sid": "AWSServices",
            "Effect": "Allow",
            "Principal": { "Service": PUBLISHERS },
            "Action": "events:PutEvents",
            "Resource": arn::bus(place, &bus.name),
            "Condition": { "ForAllValues:StringLike": { "events:source": "aws.*" } },
        }));
    }
    if statements.is_empty() {
        return Ok(None);
    }
    let document = Document::parse(&document(&statements)).map_err(Fault::internal)?;
    let label = PolicyLabel::new(PolicyType::Resource, arn::bus(place, &bus.name));
    Ok(Some(Arc::new(Program::compile(&document, label))))
}

fn document(statements: &[Value]) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn statements(policy: Option<&str>) -> Result<Vec<Value>> {
    let Some(policy) = policy else {
        return Ok(Vec::new());
    };
    let mut stored: Value = serde_json::from_str(policy).map_err(Fault::internal)?;
    Ok(match stored.get_mut("Statement").map(Value::take) {
        Some(Value::Array(all)) => all,
        Some(one) => vec![one],
        None => Vec::new(),
    })
}

/// The policy of a bus after `PutPermission`. Errors: `ValidationException`, `PolicyLengthExceededException`.
pub fn with_permission(place: Place, bus: &Bus, input: &PutPermissionRequest) -> Result<String> {
    let policy = match &input.policy {
        Some(_) if input.action.is_some() || input.principal.is_some() || input.statement_id.is_some() => {
            return Err(invalid(
                "Parameter Policy cannot be specified together with Action, Principal, StatementId or Condition.",
            ));
        }
        Some(policy) => {
            let parsed = Document::parse(policy).and_then(|document| {
                validate(&document, Kind::Resource)?;
                Ok(document)
            });
            parsed.map_err(|why| invalid(format!("Parameter Policy is not valid. Reason: {why}")))?;
            policy.clone()
        }
        None => add(place, bus, input)?,
    };
    if policy.chars().count() > MAX_LENGTH {
        return Err(errors::POLICY_LENGTH_EXCEEDED_EXCEPTION
            .with("The event bus policy is too long.")
            .into());
    }
    Ok(policy)
}

fn add(place: Place, bus: &Bus, input: &PutPermissionRequest) -> Result<String> {
    let missing = |name: &str| invalid(format!("Parameter {name} must be specified."));
    let action = input.action.as_deref().ok_or_else(|| missing("Action"))?;
    let principal = input.principal.as_deref().ok_or_else(|| missing("Principal"))?;
    let id = input.statement_id.as_deref().ok_or_else(|| missing("StatementId"))?;
    if action != "events:PutEvents" {
        return Err(invalid(format!(
            "Provided value in parameter 'action' is not supported: {action}"
        )));
    }
    let principal = match (principal, AccountId::parse(principal)) {
        ("*", _) => json!("*"),
        (_, Some(account)) => json!({ "AWS": root(place.partition(), account) }),
        (other, None) => return Err(invalid(format!("Parameter Principal is not valid: {other}"))),
    };
    let mut statement = json!({
        "Sid": id,
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": arn::bus(place, &bus.name),
    });
    if let (Some(condition), Some(members)) = (&input.condition, statement.as_object_mut()) {
        let tested = json!({ &condition.key: condition.value });
        members.insert("Condition".to_owned(), json!({ &condition.r#type: tested }));
    }
    let mut all = statements(bus.policy.as_deref())?;
    all.retain(|other| other.get("Sid").and_then(Value::as_str) != Some(id));
    all.push(statement);
    Ok(document(&all))
}

/// The policy of a bus without a statement; none when nothing is left. Errors: `ResourceNotFoundException`.
pub fn without(bus: &Bus, id: &str) -> Result<Option<String>> {
    let not_found = |text: &str| errors::RESOURCE_NOT_FOUND_EXCEPTION.with(text).into();
    if bus.policy.is_none() {
        return Err(not_found("EventBus does not have a policy."));
    }
    let mut all = statements(bus.policy.as_deref())?;
    let before = all.len();
    all.retain(|other| other.get("Sid").and_then(Value::as_str) != Some(id));
    if all.len() == before {
        return Err(not_found("Statement with the provided id does not exist."));
    }
    Ok((!all.is_empty()).then(|| document(&all)))
}
