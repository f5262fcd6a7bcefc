//! STS's errors, in STS's words.

use api_sts::errors;
use roadstead_kernel::{Cx, Fault};
use roadstead_wire::ApiError;

/// A violation that the model does not express.
pub fn validation(message: impl Into<String>) -> Fault {
    ApiError::new("ValidationError", 400, message).into()
}

/// A parameter whose value does not go with the others.
pub fn invalid_parameter(message: impl Into<String>) -> Fault {
    ApiError::new("InvalidParameterValue", 400, message).into()
}

/// `AccessDenied` with the given text.
pub fn denied(message: impl Into<String>) -> Fault {
    ApiError::new("AccessDenied", 403, message).into()
}

/// `AccessDenied` without a reason: what is answered for roles that do not exist, too.
pub fn may_not(cx: &Cx, action: &str, resource: &str) -> Fault {
    denied(format!(
        "User: {} is not authorized to perform: {action} on resource: {resource}",
        cx.caller().arn()
    ))
}

/// `MalformedPolicyDocument`.
pub fn malformed(message: impl Into<String>) -> Fault {
    errors::MALFORMED_POLICY_DOCUMENT_EXCEPTION.with(message).into()
}

/// `PackedPolicyTooLarge`.
pub fn too_large(percent: usize) -> Fault {
    errors::PACKED_POLICY_TOO_LARGE_EXCEPTION
        .with(format!(
            "Packed policy consumes {percent}% of allotted space, please use smaller policy."
        ))
        .into()
}

/// `InvalidIdentityToken`.
pub fn invalid_token(message: impl Into<String>) -> Fault {
    errors::INVALID_IDENTITY_TOKEN_EXCEPTION.with(message).into()
}

/// `ExpiredTokenException`.
pub fn expired_token(message: impl Into<String>) -> Fault {
    errors::EXPIRED_TOKEN_EXCEPTION.with(message).into()
}
