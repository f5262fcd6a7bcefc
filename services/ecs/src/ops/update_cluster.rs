//! ecs:UpdateCluster — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateCluster.html>

use api_ecs::op::UpdateCluster;
use api_ecs::{UpdateClusterRequest, UpdateClusterResponse};
use roadstead_kernel::prelude::*;

use super::create_cluster::container_insights;
use crate::error::unsupported;
use crate::records::{Cluster, Document, Include};
use crate::{Ecs, scope};

impl Handle<UpdateCluster> for Ecs {
    async fn needs(&self, cx: &Cx, input: &UpdateClusterRequest) -> Result<Needs> {
        self.on_cluster(cx, Some(&input.cluster)).await
    }

    async fn handle(&self, cx: &Cx, input: UpdateClusterRequest) -> Reply<UpdateCluster> {
        if input.service_connect_defaults.is_some() {
            return Err(unsupported("Service Connect is"));
        }
        let name = self.active_cluster(cx, Some(&input.cluster)).await?.record.name;
        let insights = container_insights(input.settings.as_deref())?;
        let change = |cluster: &mut Cluster| {
            if let Some(value) = &insights {
                cluster.container_insights.clone_from(value);
            }
            if let Some(configuration) = &input.configuration {
                cluster.configuration = Some(Document(configuration.clone()));
            }
            Ok::<_, Fault>(())
        };
        let updated = self.clusters.update(scope(cx).of(), &[&name], change).await?;
        let cluster = updated.ok_or_else(crate::error::cluster_not_found)?.record;
        let counts = self.counts(cx, &name).await?;
        Ok(UpdateClusterResponse {
            cluster: Some(cluster.to_api(cx.place(), counts, Include::CHANGED)),
        })
    }
}
