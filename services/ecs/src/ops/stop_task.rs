//! ecs:StopTask — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html>

use api_ecs::op::StopTask;
use api_ecs::{StopTaskRequest, StopTaskResponse};
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::records::{Show, StopCode, Task, TaskStatus};
use crate::{Ecs, arn, scope};

impl Handle<StopTask> for Ecs {
    async fn needs(&self, cx: &Cx, input: &StopTaskRequest) -> Result<Needs> {
        self.on_task(cx, input.cluster.as_deref(), &input.task).await
    }

    async fn handle(&self, cx: &Cx, input: StopTaskRequest) -> Reply<StopTask> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record.name;
        let id = arn::task_of(cx.place(), &cluster, &input.task)?;
        let reason = input
            .reason
            .filter(|reason| !reason.is_empty())
            .unwrap_or_else(|| "Task stopped by user".to_owned());
        let stop = |task: &mut Task| {
            task.stop(StopCode::User, reason.clone(), cx.now());
            Ok::<_, Fault>(())
        };
        let task = self.tasks.update(scope(cx).of(), &[&cluster, id], stop).await?;
        let task = task
            .ok_or_else(|| invalid("The referenced task was not found."))?
            .record;
        self.look_at(cx.place(), &cluster, id);
        let mut shown = task.to_api(
            cx.place(),
            Show {
                health: false,
                tags: false,
            },
        );
        if task.status == TaskStatus::Stopped {
            // AWS: recorded; of a task that had stopped before, only a reduced object is answered.
            shown.attachments = Some(Vec::new());
            shown.containers = Some(Vec::new());
            shown.attributes = None;
            if let Some(overrides) = &mut shown.overrides {
                overrides.container_overrides = Some(Vec::new());
            }
        }
        Ok(StopTaskResponse { task: Some(shown) })
    }
}
