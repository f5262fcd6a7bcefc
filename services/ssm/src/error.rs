//! Parameter Store's errors in AWS's words.

use api_ssm::errors;
use roadstead_kernel::{ApiError, Fault};

use crate::name::Selector;

/// `ValidationException` with a message.
pub fn invalid(message: impl Into<String>) -> Fault {
    ApiError::new("ValidationException", 400, message).into()
}

/// There is no such parameter.
// AWS: the answer has no message.
pub fn not_found() -> Fault {
    errors::PARAMETER_NOT_FOUND.with("").into()
}

/// The parameter has no such version or label.
pub fn version_not_found(name: &str, selector: Option<&Selector>) -> Fault {
    let text = match selector {
        Some(Selector::Label(label)) => format!(
            "Systems Manager could not find label {label} for parameter {name}. Verify the label and try again."
        ),
        Some(Selector::Version(number)) => {
            format!("Systems Manager could not find version {number} of {name}. Verify the version and try again.")
        }
        None => format!("Systems Manager could not find {name}. Verify the name and try again."),
    };
    errors::PARAMETER_VERSION_NOT_FOUND.with(text).into()
}

/// Others wrote the same parameter again and again, faster than this call could; clients repeat it.
pub fn too_many_updates() -> Fault {
    errors::TOO_MANY_UPDATES
        .with("There are concurrent updates for a resource that supports one update at a time.")
        .into()
}

/// A page token was altered, or made for another call.
pub fn invalid_token() -> Fault {
    errors::INVALID_NEXT_TOKEN
        .with("The specified token is not valid.")
        .into()
}
