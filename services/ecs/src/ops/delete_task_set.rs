//! ecs:DeleteTaskSet — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskSet.html>

use api_ecs::op::DeleteTaskSet;
use api_ecs::{DeleteTaskSetRequest, DeleteTaskSetResponse};
use roadstead_kernel::prelude::*;

use crate::Ecs;
use crate::error::invalid;
use crate::records::{Service, SetStatus};

impl Handle<DeleteTaskSet> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DeleteTaskSetRequest) -> Result<Needs> {
        Self::on_task_set(cx, &input.cluster, &input.service, Some(&input.task_set))
    }

    async fn handle(&self, cx: &Cx, input: DeleteTaskSetRequest) -> Reply<DeleteTaskSet> {
        let is_forced = input.force == Some(true);
        let change = |service: &mut Service, at: usize| {
            let desired = service.desired;
            let Some(set) = service.task_sets.get_mut(at) else {
                return Ok(());
            };
            if set.status == SetStatus::Draining {
                return Ok(());
            }
            // AWS: documented; the texts are not known.
            if set.status == SetStatus::Primary && !is_forced {
                return Err(invalid(
                    "The primary task set cannot be deleted. Use force to delete it.",
                ));
            }
            if set.computed(desired) > 0 && !is_forced {
                return Err(invalid("The task set cannot be deleted while it is scaled above 0."));
            }
            set.drain(cx.now());
            Ok(())
        };
        let named = (input.cluster.as_str(), input.service.as_str(), input.task_set.as_str());
        Ok(DeleteTaskSetResponse {
            task_set: Some(self.change_set(cx, named, change).await?),
        })
    }
}
