//! ecs:UpdateTaskProtection — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateTaskProtection.html>

use std::time::Duration;

use api_ecs::op::UpdateTaskProtection;
use api_ecs::{UpdateTaskProtectionRequest, UpdateTaskProtectionResponse};
use roadstead_kernel::prelude::*;

use super::get_task_protection::{can_be_protected, failure, shown};
use crate::error::invalid;
use crate::records::Task;
use crate::{Ecs, arn, scope};

/// Most tasks of one call.
const MAX: usize = 10;
/// How long protection lasts when nothing is said.
// AWS: documented.
const MINUTES: u64 = 120;
/// For how many minutes it may be asked for.
// AWS: documented.
const BOUNDS: std::ops::RangeInclusive<u64> = 1..=2880;

impl Handle<UpdateTaskProtection> for Ecs {
    async fn needs(&self, cx: &Cx, input: &UpdateTaskProtectionRequest) -> Result<Needs> {
        self.on_tasks(cx, &input.cluster, &input.tasks).await
    }

    async fn handle(&self, cx: &Cx, input: UpdateTaskProtectionRequest) -> Reply<UpdateTaskProtection> {
        let cluster = self.active_cluster(cx, Some(&input.cluster)).await?.record.name;
        if input.tasks.is_empty() {
            return Err(invalid("Tasks cannot be empty."));
        }
        if input.tasks.len() > MAX {
            return Err(invalid(format!("Tasks cannot have more than {MAX} elements.")));
        }
        let minutes = match input.expires_in_minutes {
            None => MINUTES,
            Some(given) => u64::try_from(given)
                .ok()
                .filter(|given| BOUNDS.contains(given))
                .ok_or_else(|| invalid("expiresInMinutes must be between 1 and 2880."))?,
        };
        let until = input
            .protection_enabled
            .then(|| cx.now().plus(Duration::from_secs(minutes * 60)).cut_to_secs());
        let (mut protected_tasks, mut failures) = (Vec::new(), Vec::new());
        for given in &input.tasks {
            let id = arn::task_of(cx.place(), &cluster, given)?;
            let protect = |task: &mut Task| {
                if can_be_protected(task) {
                    task.protected_until = until;
                }
                Ok::<_, Fault>(())
            };
            let found = self.tasks.update(scope(cx).of(), &[&cluster, id], protect).await?;
            match found.map(|found| found.record) {
                Some(task) if can_be_protected(&task) => {
                    // Its service may be waiting for it, or has to look again when the time is over.
                    if let Some(service) = task.group.strip_prefix("service:") {
                        self.look_at_service(cx.place(), &cluster, service);
                    }
                    protected_tasks.push(shown(&task, cx.place(), cx.now()));
                }
                other => failures.push(failure(arn::task(cx.place(), &cluster, id), other.is_some())),
            }
        }
        Ok(UpdateTaskProtectionResponse {
            protected_tasks: Some(protected_tasks),
            failures: Some(failures),
        })
    }
}
