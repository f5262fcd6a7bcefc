//! The roles that a task definition names, assumed as the service that runs tasks: for what is done for a task before and
//! beside its containers (execution role), and for the containers themselves (task role).

use std::sync::Arc;
use std::time::Duration;

use api_ecs::RunTaskRequest;
use api_sts::Credentials;
use roadstead_core::Region;
use roadstead_core::arn::Place;
use roadstead_kernel::{Behalf, Fault, Kernel, Result, session_credentials};

use crate::records::{Task, TaskDefinition};

/// Who assumes the roles of tasks, as their trust policies name it.
pub const SERVICE: &str = "ecs-tasks.amazonaws.com";

/// The ARN of the role that the containers of a task act as, if it has one.
pub fn task_role(task: &Task, definition: &TaskDefinition) -> Option<String> {
    let own = definition.document.0.task_role_arn.as_ref();
    task.overrides.0.task_role_arn.as_ref().or(own).cloned()
}

/// The ARN of the role that logs are written, secrets read and images pulled with, if a task has one.
pub fn execution_role(task: &Task, definition: &TaskDefinition) -> Option<String> {
    let own = definition.document.0.execution_role_arn.as_ref();
    task.overrides.0.execution_role_arn.as_ref().or(own).cloned()
}

/// Acts as a role of a task.
///
/// Errors: what `sts:AssumeRole` answers, `AccessDenied` where the role is missing or does not trust tasks.
// AWS: recorded; both roles' sessions bear the task's id.
pub async fn act_as(kernel: &Arc<Kernel>, place: Place, role_arn: &str, task: &Task) -> Result<Behalf> {
    Behalf::assume_about(kernel, SERVICE, place, role_arn, &task.id, task.arn(place)).await
}

/// Acts as a role of a task in another region of its account.
///
/// Errors: as [`act_as`].
pub async fn act_as_within(
    kernel: &Arc<Kernel>,
    place: Place,
    region: Region,
    role_arn: &str,
    task: &Task,
) -> Result<Behalf> {
    let within = Place { region, ..place };
    Behalf::assume_about(kernel, SERVICE, within, role_arn, &task.id, task.arn(place)).await
}

/// The first of some roles that ECS tasks may not assume, as they later will.
// AWS: recorded; the trust policy is tried with the literal `task/*` as `aws:SourceArn`.
pub async fn first_unassumable<'a>(
    kernel: &Arc<Kernel>,
    place: Place,
    roles: impl IntoIterator<Item = &'a String>,
) -> Result<Option<&'a str>> {
    for role in roles {
        let about = place.arn("ecs", "task/*");
        match Behalf::assume_about(kernel, SERVICE, place, role, "ecs-trust-check", about).await {
            Ok(_) => {}
            Err(Fault::Api(_)) => return Ok(Some(role)),
            Err(internal) => return Err(internal),
        }
    }
    Ok(None)
}

/// What is said where a role of a task cannot be assumed.
// AWS: recorded as RunTask's answer.
pub fn unable_to_assume(role: &str) -> String {
    format!(
        "ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role being \
         passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this \
         role."
    )
}

/// Credentials of a role of a task, for its containers.
///
/// Errors: as [`act_as`].
pub async fn credentials(
    kernel: &Arc<Kernel>,
    place: Place,
    role_arn: &str,
    task: &Task,
    lasts: Duration,
) -> Result<Credentials> {
    let about = Some(task.arn(place));
    session_credentials(kernel, SERVICE, place, role_arn, &task.id, about, lasts).await
}

/// The roles of a task: those of its overrides before those of its definition.
pub(crate) struct Roles {
    pub task: Option<String>,
    pub execution: Option<String>,
}

impl Roles {
    pub fn of(input: &RunTaskRequest, definition: Option<&TaskDefinition>) -> Self {
        let overrides = input.overrides.as_ref();
        let given = definition.map(|definition| &definition.document.0);
        let role = |over: Option<&String>, own: Option<&String>| over.or(own).filter(|arn| !arn.is_empty()).cloned();
        Self {
            task: role(
                overrides.and_then(|o| o.task_role_arn.as_ref()),
                given.and_then(|d| d.task_role_arn.as_ref()),
            ),
            execution: role(
                overrides.and_then(|o| o.execution_role_arn.as_ref()),
                given.and_then(|d| d.execution_role_arn.as_ref()),
            ),
        }
    }
}
