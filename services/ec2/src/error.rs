//! EC2's error codes and texts; its model names none, so they are written by hand.

use roadstead_kernel::ApiError;

/// An error of the caller.
pub fn client(code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::new(code, 400, message)
}

/// A value that is not valid.
pub fn invalid(message: impl Into<String>) -> ApiError {
    client("InvalidParameterValue", message)
}

/// Parameters that do not go together.
pub fn combination(message: impl Into<String>) -> ApiError {
    client("InvalidParameterCombination", message)
}

/// A parameter that must be there.
pub fn missing(parameter: &str) -> ApiError {
    client(
        "MissingParameter",
        format!("The request must contain the parameter {parameter}"),
    )
}

/// Something of AWS that Roadstead does not carry out; better said than ignored.
pub fn unsupported(message: impl Into<String>) -> ApiError {
    client("UnsupportedOperation", message)
}

/// An id that cannot be one of the resource's kind.
pub fn malformed(code: &'static str, id: &str) -> ApiError {
    client(code, format!("Invalid id: \"{id}\""))
}

/// A resource that others still use.
pub fn dependency(message: impl Into<String>) -> ApiError {
    client("DependencyViolation", message)
}

/// A resource of the caller's account that a service manages.
pub fn managed_by_service() -> ApiError {
    client(
        "AuthFailure",
        "You do not have permission to access the specified resource.",
    )
}

/// An instance that does not exist; none does as a record.
pub fn no_instance(id: &str) -> ApiError {
    client(
        "InvalidInstanceID.NotFound",
        format!("The instance ID '{id}' does not exist"),
    )
}

/// The answer to a request that was only tried and would have succeeded.
pub fn dry_run(asked: Option<bool>) -> Result<(), ApiError> {
    if asked == Some(true) {
        return Err(ApiError::new(
            "DryRunOperation",
            412,
            "Request would have succeeded, but DryRun flag is set.",
        ));
    }
    Ok(())
}

/// A permission on an interface that does not exist.
pub fn no_interface_permission(id: &str) -> ApiError {
    client(
        "InvalidPermissionID.NotFound",
        format!("The networkInterfacePermission ID '{id}' does not exist"),
    )
}
