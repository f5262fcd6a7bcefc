//! The agent's API for task protection: calls to ECS as the task's role.

use std::sync::Arc;

use api_ecs::op::{GetTaskProtection, UpdateTaskProtection};
use api_ecs::{Failure, GetTaskProtectionRequest, ProtectedTask, UpdateTaskProtectionRequest};
use roadstead_core::arn::Place;
use roadstead_kernel::{Fault, Kernel};
use roadstead_metadata::{AgentError, Protect, Protection};

use crate::records::Task;
use crate::task_roles::act_as;

/// Reads the protection of a task, or changes it first.
pub async fn ask(
    kernel: &Arc<Kernel>,
    place: Place,
    role: &str,
    task: &Task,
    change: Option<Protect>,
) -> Result<Protection, AgentError> {
    let request_id = kernel.ids().uuid();
    let wrong = |fault| match fault {
        Fault::Api(error) => AgentError::Api {
            status: error.status,
            code: error.name().to_owned(),
            message: error.message,
            request_id: request_id.clone(),
        },
        fault @ Fault::Internal(_) => {
            tracing::warn!(%fault, "a call for a container failed");
            AgentError::Unexpected
        }
    };
    let behalf = act_as(kernel, place, role, task).await.map_err(&wrong)?;
    let (cluster, tasks) = (task.cluster.clone(), vec![task.arn(place)]);
    let (protected, failures) = match change {
        None => {
            let input = GetTaskProtectionRequest {
                cluster,
                tasks: Some(tasks),
            };
            let answer = behalf.call_as::<GetTaskProtection>(request_id.clone(), input).await;
            answer.map(|answer| (answer.protected_tasks, answer.failures))
        }
        Some(Protect { enabled, minutes }) => {
            let input = UpdateTaskProtectionRequest {
                cluster,
                tasks,
                protection_enabled: enabled,
                expires_in_minutes: minutes,
            };
            let answer = behalf.call_as::<UpdateTaskProtection>(request_id.clone(), input).await;
            answer.map(|answer| (answer.protected_tasks, answer.failures))
        }
    }
    .map_err(&wrong)?;
    one(protected.unwrap_or_default(), failures.unwrap_or_default())
}

/// Of one task, exactly one thing can be said.
fn one(mut protected: Vec<ProtectedTask>, mut failures: Vec<Failure>) -> Result<Protection, AgentError> {
    match (protected.pop(), failures.pop(), protected.len() + failures.len()) {
        (Some(task), None, 0) => Ok(Protection::Is {
            enabled: task.protection_enabled == Some(true),
            expires: task.expiration_date,
        }),
        (None, Some(failure), 0) => Ok(Protection::Failure {
            arn: failure.arn,
            reason: failure.reason,
            detail: failure.detail,
        }),
        _ => Err(AgentError::Unexpected),
    }
}
