//! CloudWatch Logs' errors in AWS's words.

use api_logs::errors;
use roadstead_kernel::{ApiError, Fault};

/// `InvalidParameterException` with a message.
pub fn invalid(message: impl Into<String>) -> Fault {
    errors::INVALID_PARAMETER_EXCEPTION.with(message).into()
}

/// The log group that was named does not exist.
// AWS: recorded in the stopped reason of a task whose group is missing.
pub fn group_not_found() -> Fault {
    errors::RESOURCE_NOT_FOUND_EXCEPTION
        .with("The specified log group does not exist.")
        .into()
}

/// The log stream that was named does not exist.
pub fn stream_not_found() -> Fault {
    errors::RESOURCE_NOT_FOUND_EXCEPTION
        .with("The specified log stream does not exist.")
        .into()
}

/// A page token was altered, or made for another call.
pub fn invalid_token() -> Fault {
    invalid("The specified nextToken is invalid.")
}

/// Others wrote the same records again and again, faster than this call could; clients repeat it.
pub fn busy() -> Fault {
    errors::SERVICE_UNAVAILABLE_EXCEPTION
        .with("The service cannot complete the request.")
        .into()
}

/// More tags than a log group can have.
pub fn too_many_tags(resource: &str) -> Fault {
    let text = format!(
        "A resource can have no more than {} tags.",
        roadstead_core::tags::MAX_TAGS
    );
    let error: ApiError = errors::TOO_MANY_TAGS_EXCEPTION.with(text);
    error.field("resourceName", resource.to_owned()).into()
}

/// More live tail sessions than an account can have at a time.
pub fn too_many_sessions() -> Fault {
    errors::LIMIT_EXCEEDED_EXCEPTION
        .with("The account has as many live tail sessions as it can have at a time.")
        .into()
}
