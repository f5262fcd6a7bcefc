//! EventBridge's errors in AWS's words.

use api_events::errors;
use roadstead_kernel::Fault;

/// `ValidationException` with a message; the model names it nowhere, every operation may answer it.
pub fn invalid(message: impl Into<String>) -> Fault {
    roadstead_kernel::ApiError::new("ValidationException", 400, message).into()
}

/// The rule that was named does not exist.
pub fn rule_not_found(rule: &str, bus: &str) -> Fault {
    errors::RESOURCE_NOT_FOUND_EXCEPTION
        .with(format!("Rule {rule} does not exist on EventBus {bus}."))
        .into()
}

/// The bus that was named does not exist.
pub fn bus_not_found(bus: &str) -> Fault {
    errors::RESOURCE_NOT_FOUND_EXCEPTION
        .with(format!("Event bus {bus} does not exist."))
        .into()
}

/// There is a bus of that name.
pub fn bus_exists(bus: &str) -> Fault {
    errors::RESOURCE_ALREADY_EXISTS_EXCEPTION
        .with(format!("Event bus {bus} already exists."))
        .into()
}

/// A quota is used up.
pub fn limit_exceeded() -> Fault {
    errors::LIMIT_EXCEEDED_EXCEPTION
        .with("The requested resource exceeds the maximum number allowed.")
        .into()
}

/// The rule belongs to a service of AWS.
pub fn managed(rule: &str, service: &str) -> Fault {
    errors::MANAGED_RULE_EXCEPTION
        .with(format!("Rule {rule} is managed by {service} and cannot be modified."))
        .into()
}

/// The pattern is not one.
pub fn invalid_pattern(reason: &str) -> Fault {
    errors::INVALID_EVENT_PATTERN_EXCEPTION
        .with(format!("Event pattern is not valid. Reason: {reason}"))
        .into()
}

/// Others wrote the same record again and again.
pub fn busy(what: &str) -> Fault {
    errors::CONCURRENT_MODIFICATION_EXCEPTION
        .with(format!("{what} is being modified by another request."))
        .into()
}
