//! ecs:GetTaskProtection — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_GetTaskProtection.html>

use api_ecs::op::GetTaskProtection;
use api_ecs::{Failure, GetTaskProtectionRequest, GetTaskProtectionResponse, ProtectedTask};
use roadstead_core::arn::Place;
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::records::{Task, TaskStatus};
use crate::{Ecs, arn, scope};

/// Most tasks of one call.
const MAX: usize = 100;

impl Handle<GetTaskProtection> for Ecs {
    async fn needs(&self, cx: &Cx, input: &GetTaskProtectionRequest) -> Result<Needs> {
        self.on_tasks(cx, &input.cluster, input.tasks.as_deref().unwrap_or_default())
            .await
    }

    async fn handle(&self, cx: &Cx, input: GetTaskProtectionRequest) -> Reply<GetTaskProtection> {
        let cluster = self.active_cluster(cx, Some(&input.cluster)).await?.record.name;
        let given = input.tasks.unwrap_or_default();
        if given.is_empty() {
            return Err(invalid("Tasks cannot be empty."));
        }
        if given.len() > MAX {
            return Err(invalid(format!("Tasks cannot have more than {MAX} elements.")));
        }
        let (mut protected_tasks, mut failures) = (Vec::new(), Vec::new());
        for given in &given {
            let id = arn::task_of(cx.place(), &cluster, given)?;
            let found = self.tasks.get(scope(cx).of(), &[&cluster, id]).await?;
            match found.map(|found| found.record) {
                Some(task) if can_be_protected(&task) => protected_tasks.push(shown(&task, cx.place(), cx.now())),
                other => failures.push(failure(arn::task(cx.place(), &cluster, id), other.is_some())),
            }
        }
        Ok(GetTaskProtectionResponse {
            protected_tasks: Some(protected_tasks),
            failures: Some(failures),
        })
    }
}

impl Ecs {
    /// The operation's own action on each of some tasks.
    pub(super) async fn on_tasks(&self, cx: &Cx, cluster: &str, tasks: &[String]) -> Result<Needs> {
        if tasks.is_empty() {
            return self.on_task(cx, Some(cluster), "*").await;
        }
        let mut needs = Needs::nothing();
        for given in tasks {
            needs = needs.and(self.on_task(cx, Some(cluster), given).await?);
        }
        Ok(needs)
    }
}

/// Only tasks of services need it, as long as they are not over.
// AWS: documented.
pub(super) fn can_be_protected(task: &Task) -> bool {
    task.group.starts_with("service:")
        && task.started_by.as_deref().is_some_and(|by| by.starts_with("ecs-svc/"))
        && task.status < TaskStatus::Deprovisioning
}

/// The protection of a task as Amazon describes it.
pub(super) fn shown(task: &Task, place: Place, now: Timestamp) -> ProtectedTask {
    let until = task.protected_until.filter(|_| task.is_protected(now));
    ProtectedTask {
        task_arn: Some(task.arn(place)),
        protection_enabled: Some(until.is_some()),
        expiration_date: until,
    }
}

/// Why a task has no protection to tell of.
pub(super) fn failure(arn: String, is_there: bool) -> Failure {
    let reason = if is_there { "TASK_NOT_VALID" } else { "MISSING" };
    Failure {
        arn: Some(arn),
        reason: Some(reason.to_owned()),
        detail: None,
    }
}
