//! IAM's errors, in IAM's words.

use api_iam::errors;
use roadstead_kernel::Fault;
use roadstead_wire::ApiError;

use crate::records::Kind;

/// `NoSuchEntity` for a named entity.
pub fn no_such(kind: Kind, name: &str) -> Fault {
    let message = match kind {
        Kind::InstanceProfile => format!("Instance Profile {name} cannot be found."),
        kind => format!("The {} with name {name} cannot be found.", kind.noun()),
    };
    errors::NO_SUCH_ENTITY_EXCEPTION.with(message).into()
}

/// `NoSuchEntity` with the given text.
pub fn not_found(message: impl Into<String>) -> Fault {
    errors::NO_SUCH_ENTITY_EXCEPTION.with(message).into()
}

/// `EntityAlreadyExists` for a named entity.
pub fn taken(kind: Kind, name: &str) -> Fault {
    let message = match kind {
        Kind::Policy => format!("A policy called {name} already exists. Duplicate names are not allowed."),
        Kind::InstanceProfile => format!("Instance Profile {name} already exists."),
        kind => format!("{} with name {name} already exists.", kind.title()),
    };
    errors::ENTITY_ALREADY_EXISTS_EXCEPTION.with(message).into()
}

/// `EntityAlreadyExists` with the given text.
pub fn exists(message: impl Into<String>) -> Fault {
    errors::ENTITY_ALREADY_EXISTS_EXCEPTION.with(message).into()
}

/// `DeleteConflict`.
pub fn in_use(message: impl Into<String>) -> Fault {
    errors::DELETE_CONFLICT_EXCEPTION.with(message).into()
}

/// `LimitExceeded` with the given text.
pub fn limit(message: impl Into<String>) -> Fault {
    errors::LIMIT_EXCEEDED_EXCEPTION.with(message).into()
}

/// `LimitExceeded` for a quota.
pub fn quota(name: &str, value: usize) -> Fault {
    limit(format!("Cannot exceed quota for {name}: {value}"))
}

/// `InvalidInput`.
pub fn invalid_input(message: impl Into<String>) -> Fault {
    errors::INVALID_INPUT_EXCEPTION.with(message).into()
}

/// `MalformedPolicyDocument`.
pub fn malformed(message: impl Into<String>) -> Fault {
    errors::MALFORMED_POLICY_DOCUMENT_EXCEPTION.with(message).into()
}

/// `UnmodifiableEntity` with the given text.
pub fn unmodifiable(message: impl Into<String>) -> Fault {
    errors::UNMODIFIABLE_ENTITY_EXCEPTION.with(message).into()
}

/// What everything that would change a service-linked role is answered.
pub fn protected(role: &str) -> Fault {
    unmodifiable(format!(
        "Cannot perform the operation on the protected role '{role}' - this role is only modifiable by AWS"
    ))
}

/// `PolicyNotAttachable`.
pub fn not_attachable(message: impl Into<String>) -> Fault {
    errors::POLICY_NOT_ATTACHABLE_EXCEPTION.with(message).into()
}

/// A violation that the model does not express.
pub fn validation(message: impl Into<String>) -> Fault {
    ApiError::new("ValidationError", 400, message).into()
}

/// What somebody is answered who loses every race.
pub fn too_busy() -> Fault {
    errors::CONCURRENT_MODIFICATION_EXCEPTION
        .with("The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.")
        .into()
}
