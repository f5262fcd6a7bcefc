//! What the models do not say about the services: the wording of their violations and the order of protocols.

/// A service that gets a crate.
pub struct Service {
    /// The name of the model's file.
    pub name: &'static str,
    /// The expression of its `ValidationStyle`.
    pub validation: &'static str,
}

const fn service(name: &'static str, validation: &'static str) -> Service {
    Service { name, validation }
}

const EXCEPTION: &str = "ValidationStyle::Generic { code: \"ValidationException\" }";
const ERROR: &str = "ValidationStyle::Generic { code: \"ValidationError\" }";

/// All of them.
pub const SERVICES: &[Service] = &[
    service("application-autoscaling", EXCEPTION),
    service("autoscaling", ERROR),
    service("cloudtrail", EXCEPTION),
    service("cloudwatch", ERROR),
    service("ec2", "ValidationStyle::Ec2"),
    service(
        "ecr",
        "ValidationStyle::Generic { code: \"InvalidParameterException\" }",
    ),
    service("ecs", "ValidationStyle::Ecs"),
    service("elbv2", ERROR),
    service("events", EXCEPTION),
    service("iam", "ValidationStyle::Iam"),
    service(
        "logs",
        "ValidationStyle::Generic { code: \"InvalidParameterException\" }",
    ),
    service("route53", "ValidationStyle::Generic { code: \"InvalidInput\" }"),
    service("secretsmanager", EXCEPTION),
    service(
        "servicediscovery",
        "ValidationStyle::Generic { code: \"InvalidInput\" }",
    ),
    service("ssm", EXCEPTION),
    service("sts", ERROR),
];
