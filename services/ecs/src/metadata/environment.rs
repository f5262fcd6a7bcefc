//! The environment variables that lead containers to their metadata, their credentials and the APIs.

use api_ecs::LaunchType;
use roadstead_core::arn::Place;
use roadstead_metadata::{ADDRESS, ENDPOINT};

use crate::records::{ContainerRecord, Task, TaskDefinition};
use crate::task_roles::task_role;

/// Adds what is always there, and what `offered`, a container with metadata, has beyond that.
pub fn complete(
    env: &mut Vec<(String, String)>,
    place: Place,
    task: &Task,
    definition: &TaskDefinition,
    offered: Option<&ContainerRecord>,
) {
    let mut unless_set = |names: &[&str], value: &str| {
        if !env.iter().any(|(known, _)| names.contains(&known.as_str())) {
            env.extend(names.iter().map(|name| ((*name).to_owned(), value.to_owned())));
        }
    };
    unless_set(&["AWS_REGION", "AWS_DEFAULT_REGION"], place.region.as_str());
    let executed_by = match task.launch_type() {
        LaunchType::Ec2 => "AWS_ECS_EC2",
        LaunchType::External => "AWS_ECS_EXTERNAL",
        _ => "AWS_ECS_FARGATE",
    };
    unless_set(&["AWS_EXECUTION_ENV"], executed_by);
    let Some(container) = offered else { return };
    unless_set(&["AWS_ENDPOINT_URL"], &format!("http://{ENDPOINT}"));
    let mut set = |name: &str, value: String| {
        env.retain(|(known, _)| known != name);
        env.push((name.to_owned(), value));
    };
    let id = container.endpoint.reveal();
    set("ECS_CONTAINER_METADATA_URI", format!("http://{ADDRESS}/v3/{id}"));
    set("ECS_CONTAINER_METADATA_URI_V4", format!("http://{ADDRESS}/v4/{id}"));
    set("ECS_AGENT_URI", format!("http://{ADDRESS}/api/{id}"));
    if task_role(task, definition).is_some() {
        let id = task.credentials.reveal();
        set(
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            format!("/v2/credentials/{id}"),
        );
    }
}
