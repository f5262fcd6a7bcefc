//! ecs:PutClusterCapacityProviders — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutClusterCapacityProviders.html>

use api_ecs::op::PutClusterCapacityProviders;
use api_ecs::{PutClusterCapacityProvidersRequest, PutClusterCapacityProvidersResponse};
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Txn};

use crate::records::{Document, Include};
use crate::{Ecs, capacity, scope};

impl Handle<PutClusterCapacityProviders> for Ecs {
    async fn needs(&self, cx: &Cx, input: &PutClusterCapacityProvidersRequest) -> Result<Needs> {
        let needs = self.on_cluster(cx, Some(&input.cluster)).await?;
        Ok(needs.keys(
            "ecs:capacity-provider",
            super::describe_capacity_providers::arns(cx, &input.capacity_providers),
        ))
    }

    async fn handle(&self, cx: &Cx, input: PutClusterCapacityProvidersRequest) -> Reply<PutClusterCapacityProviders> {
        loop {
            let found = self.active_cluster(cx, Some(&input.cluster)).await?;
            let mut cluster = found.record;
            let names = self.cluster_providers(cx, &input.capacity_providers).await?;
            let strategy = capacity::strategy(&input.default_capacity_provider_strategy, &names)?;
            for removed in cluster.capacity_providers.iter().filter(|known| !names.contains(known)) {
                if self.uses_provider(cx, &cluster.name, removed).await? {
                    return Err(capacity::in_use());
                }
            }
            let mut txn = Txn::new();
            for name in names.iter().filter(|name| !capacity::is_built_in(name)) {
                // Whoever deletes the provider meanwhile makes the transaction fail.
                self.providers.require(&mut txn, scope(cx).of(), &[name]);
            }
            cluster.capacity_providers = names;
            cluster.default_strategy = strategy.into_iter().map(Document).collect();
            cluster.attached = true;
            self.clusters
                .stage_replace(&mut txn, scope(cx).of(), &[&cluster.name], found.revision, &cluster)?;
            match self.store.commit(txn).await {
                Ok(_) => {}
                Err(StoreError::Conflict { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
            let counts = self.counts(cx, &cluster.name).await?;
            let all = Include {
                attachments: true,
                ..Include::MADE
            };
            let mut shown = cluster.to_api(cx.place(), counts, all);
            // AWS: recorded; the cluster is used at once all the same.
            shown.attachments_status = Some("UPDATE_IN_PROGRESS".to_owned());
            return Ok(PutClusterCapacityProvidersResponse { cluster: Some(shown) });
        }
    }
}
