//! What the models do not say about the services: the wording of their violations and the order of protocols.

/// A service that gets a crate.
pub struct Service {
    /// The name of the model's file.
    pub name: &'static str,
    /// The expression of its `ValidationStyle`.
    pub validation: &'static str,
    /// What its operations check themselves, in words of their own: enums by name, and members that the model requires as
    /// `Structure.member`. Readers of requests let pass whatever stands there, or nothing.
    pub left: &'static [&'static str],
}

const fn service(name: &'static str, validation: &'static str) -> Service {
    Service {
        name,
        validation,
        left: &[],
    }
}

/// What ECS's operations check themselves.
// AWS: recorded or tested by others; the texts, codes or the place in the order of checks differ from operation to operation.
const ECS: &[&str] = &[
    "CPUArchitecture",
    "ClusterField",
    "ClusterSettingName",
    "ContainerInstanceStatus",
    "DeleteTaskDefinitionsRequest.taskDefinitions",
    "DescribeContainerInstancesRequest.containerInstances",
    "DescribeServiceDeploymentsRequest.serviceDeploymentArns",
    "DescribeServiceRevisionsRequest.serviceRevisionArns",
    "DescribeServicesRequest.services",
    "DescribeTasksRequest.tasks",
    "LaunchType",
    "OSFamily",
    "SchedulingStrategy",
    "SettingName",
    "StartTaskRequest.containerInstances",
    "TaskDefinitionPlacementConstraintType",
    "TaskDefinitionField",
    "UpdateContainerInstancesStateRequest.containerInstances",
];

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
    Service {
        name: "ecs",
        validation: "ValidationStyle::Ecs",
        left: ECS,
    },
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
