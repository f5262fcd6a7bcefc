//! ecs:UpdateCapacityProvider — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateCapacityProvider.html>

use api_ecs::op::UpdateCapacityProvider;
use api_ecs::{CapacityProviderUpdateStatus, UpdateCapacityProviderRequest, UpdateCapacityProviderResponse};
use roadstead_kernel::prelude::*;

use crate::error::{invalid, unsupported};
use crate::records::{CapacityProvider, Document};
use crate::{Ecs, capacity, scope};

impl Handle<UpdateCapacityProvider> for Ecs {
    async fn needs(&self, cx: &Cx, input: &UpdateCapacityProviderRequest) -> Result<Needs> {
        self.on_provider(cx, &input.name).await
    }

    async fn handle(&self, cx: &Cx, input: UpdateCapacityProviderRequest) -> Reply<UpdateCapacityProvider> {
        if input.managed_instances_provider.is_some() {
            return Err(unsupported("Capacity providers of managed instances are"));
        }
        let Some(change) = &input.auto_scaling_group_provider else {
            return Err(invalid(
                "What is to be changed of the Auto Scaling group must be specified.",
            ));
        };
        let apply = |provider: &mut CapacityProvider| {
            provider.group = Document(capacity::updated_group(&provider.group.0, change)?);
            provider.updated = true;
            Ok::<_, Fault>(())
        };
        let name = capacity::name_of(&input.name);
        if capacity::is_built_in(name) {
            return Err(invalid(
                "The FARGATE and FARGATE_SPOT capacity providers are reserved and cannot be updated.",
            ));
        }
        let updated = self.providers.update(scope(cx).of(), &[name], apply).await?;
        let updated = updated.ok_or_else(capacity::not_found)?.record;
        let status = CapacityProviderUpdateStatus::UpdateInProgress;
        Ok(UpdateCapacityProviderResponse {
            capacity_provider: Some(updated.to_api(cx.place(), true, Some(status))),
        })
    }
}
