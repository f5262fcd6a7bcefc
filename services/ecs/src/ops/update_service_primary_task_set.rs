//! ecs:UpdateServicePrimaryTaskSet — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateServicePrimaryTaskSet.html>

use api_ecs::op::UpdateServicePrimaryTaskSet;
use api_ecs::{UpdateServicePrimaryTaskSetRequest, UpdateServicePrimaryTaskSetResponse};
use roadstead_kernel::prelude::*;

use crate::records::{Service, SetStatus};
use crate::{Ecs, service, task_sets};

impl Handle<UpdateServicePrimaryTaskSet> for Ecs {
    async fn needs(&self, cx: &Cx, input: &UpdateServicePrimaryTaskSetRequest) -> Result<Needs> {
        let (cluster, service) = service::named(cx, Some(&input.cluster), &input.service)?;
        Ok(Needs::on(service).key("ecs:cluster", cluster))
    }

    async fn handle(&self, cx: &Cx, input: UpdateServicePrimaryTaskSetRequest) -> Reply<UpdateServicePrimaryTaskSet> {
        let change = |service: &mut Service, at: usize| {
            for (other, set) in service.task_sets.iter_mut().enumerate() {
                if other == at {
                    task_sets::not_draining(set)?;
                    set.status = SetStatus::Primary;
                    set.updated_at = cx.now();
                } else if set.status == SetStatus::Primary {
                    set.status = SetStatus::Active;
                    set.updated_at = cx.now();
                }
            }
            Ok(())
        };
        let named = (
            input.cluster.as_str(),
            input.service.as_str(),
            input.primary_task_set.as_str(),
        );
        Ok(UpdateServicePrimaryTaskSetResponse {
            task_set: Some(self.change_set(cx, named, change).await?),
        })
    }
}
