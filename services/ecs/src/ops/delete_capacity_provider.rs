//! ecs:DeleteCapacityProvider — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCapacityProvider.html>

use api_ecs::op::DeleteCapacityProvider;
use api_ecs::{CapacityProviderUpdateStatus, DeleteCapacityProviderRequest, DeleteCapacityProviderResponse};
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Txn};

use crate::error::{client, invalid};
use crate::{Ecs, capacity, scope};

impl Handle<DeleteCapacityProvider> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DeleteCapacityProviderRequest) -> Result<Needs> {
        self.on_provider(cx, &input.capacity_provider).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteCapacityProviderRequest) -> Reply<DeleteCapacityProvider> {
        let name = capacity::name_of(&input.capacity_provider);
        if capacity::is_built_in(name) {
            return Err(invalid(
                "The FARGATE and FARGATE_SPOT capacity providers are reserved and cannot be deleted.",
            ));
        }
        loop {
            let found = self.provider(cx, name).await?.ok_or_else(capacity::not_found)?;
            let clusters = self.clusters.list_all(scope(cx).of()).await?;
            let mut txn = Txn::new();
            for cluster in clusters.iter().filter(|cluster| cluster.record.is_active()) {
                if cluster.record.capacity_providers.iter().any(|known| known == name) {
                    // AWS: the rule is documented, not the text.
                    return Err(client(
                        "The specified capacity provider is in use and cannot be deleted. Remove the capacity provider from all clusters and try again.",
                    ));
                }
            }
            self.providers
                .stage_delete(&mut txn, scope(cx).of(), &[name], found.revision);
            match self.store.commit(txn).await {
                Ok(_) => {}
                Err(StoreError::Conflict { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
            let status = CapacityProviderUpdateStatus::DeleteInProgress;
            return Ok(DeleteCapacityProviderResponse {
                capacity_provider: Some(found.record.to_api(cx.place(), true, Some(status))),
            });
        }
    }
}
