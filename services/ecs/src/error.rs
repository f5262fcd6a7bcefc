//! ECS's errors in AWS's words.

use api_ecs::errors;
use roadstead_kernel::Fault;

/// `InvalidParameterException` with a message.
pub fn invalid(message: impl Into<String>) -> Fault {
    errors::INVALID_PARAMETER_EXCEPTION.with(message).into()
}

/// `ClientException` with a message.
pub fn client(message: impl Into<String>) -> Fault {
    errors::CLIENT_EXCEPTION.with(message).into()
}

/// The cluster that was named does not exist.
pub fn cluster_not_found() -> Fault {
    errors::CLUSTER_NOT_FOUND_EXCEPTION.with("Cluster not found.").into()
}

/// The cluster that was named was deleted.
// AWS: recorded in terraform-provider-aws#11285.
pub fn cluster_not_active() -> Fault {
    client("Cluster was not ACTIVE.")
}

/// The service-linked role is missing, or the service may not assume it.
// AWS: quoted in a dozen issues; Terraform matches the beginning of this text.
pub fn no_linked_role() -> Fault {
    invalid("Unable to assume the service linked role. Please verify that the ECS service linked role exists.")
}

/// The service that was named does not exist.
// AWS: recorded.
pub fn service_not_found() -> Fault {
    errors::SERVICE_NOT_FOUND_EXCEPTION.with("Service not found.").into()
}

/// The service that was named is being deleted, or was.
// AWS: recorded.
pub fn service_not_active() -> Fault {
    errors::SERVICE_NOT_ACTIVE_EXCEPTION
        .with("Service was not ACTIVE.")
        .into()
}

/// What AWS has and this version has not.
pub fn unsupported(what: &str) -> Fault {
    errors::UNSUPPORTED_FEATURE_EXCEPTION
        .with(format!("{what} not available in this version of Roadstead."))
        .into()
}
