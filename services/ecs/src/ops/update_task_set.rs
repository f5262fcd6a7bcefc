//! ecs:UpdateTaskSet — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateTaskSet.html>

use api_ecs::op::UpdateTaskSet;
use api_ecs::{UpdateTaskSetRequest, UpdateTaskSetResponse};
use roadstead_kernel::prelude::*;

use crate::records::Service;
use crate::{Ecs, task_sets};

impl Handle<UpdateTaskSet> for Ecs {
    async fn needs(&self, cx: &Cx, input: &UpdateTaskSetRequest) -> Result<Needs> {
        Self::on_task_set(cx, &input.cluster, &input.service, Some(&input.task_set))
    }

    async fn handle(&self, cx: &Cx, input: UpdateTaskSetRequest) -> Reply<UpdateTaskSet> {
        let scale = task_sets::scale(Some(&input.scale))?;
        let change = |service: &mut Service, at: usize| {
            if let Some(set) = service.task_sets.get_mut(at) {
                task_sets::not_draining(set)?;
                set.scale = scale;
                set.updated_at = cx.now();
                set.change_steadiness(false, cx.now());
            }
            Ok(())
        };
        let named = (input.cluster.as_str(), input.service.as_str(), input.task_set.as_str());
        Ok(UpdateTaskSetResponse {
            task_set: Some(self.change_set(cx, named, change).await?),
        })
    }
}
