//! Secrets Manager's errors in AWS's words.

use api_secretsmanager::errors;
use roadstead_kernel::{ApiError, Fault};

/// `InvalidParameterException` with a message.
pub fn invalid(message: impl Into<String>) -> Fault {
    errors::INVALID_PARAMETER_EXCEPTION.with(message).into()
}

/// `InvalidRequestException` with a message.
pub fn bad_request(message: impl Into<String>) -> Fault {
    errors::INVALID_REQUEST_EXCEPTION.with(message).into()
}

/// `ResourceExistsException` with a message.
pub fn exists(message: impl Into<String>) -> Fault {
    errors::RESOURCE_EXISTS_EXCEPTION.with(message).into()
}

/// There is no such secret.
pub fn not_found() -> Fault {
    errors::RESOURCE_NOT_FOUND_EXCEPTION
        .with("Secrets Manager can't find the specified secret.")
        .into()
}

/// The secret has no such version; `which` names it, such as `staging label: AWSCURRENT`.
pub fn no_value(which: &str) -> Fault {
    errors::RESOURCE_NOT_FOUND_EXCEPTION
        .with(format!(
            "Secrets Manager can't find the specified secret value for {which}"
        ))
        .into()
}

/// The secret is to be deleted and can only be described or restored.
pub fn marked_for_deletion() -> Fault {
    bad_request("You can't perform this operation on the secret because it was marked for deletion.")
}

/// What was given is no name of a secret.
pub fn bad_name() -> Fault {
    ApiError::new(
        "ValidationException",
        400,
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
    )
    .into()
}

/// A page token was altered, or made for another call.
pub fn invalid_token() -> Fault {
    errors::INVALID_NEXT_TOKEN_EXCEPTION
        .with("The NextToken value is invalid.")
        .into()
}

/// Others wrote the same secret again and again, faster than this call could; clients repeat it.
pub fn busy() -> Fault {
    errors::INTERNAL_SERVICE_ERROR
        .with("An error occurred on the server side.")
        .into()
}
