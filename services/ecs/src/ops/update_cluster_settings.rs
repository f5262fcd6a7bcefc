//! ecs:UpdateClusterSettings — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateClusterSettings.html>

use api_ecs::op::UpdateClusterSettings;
use api_ecs::{UpdateClusterSettingsRequest, UpdateClusterSettingsResponse};
use roadstead_kernel::prelude::*;

use super::create_cluster::container_insights;
use crate::records::{Cluster, Include};
use crate::{Ecs, scope};

impl Handle<UpdateClusterSettings> for Ecs {
    async fn needs(&self, cx: &Cx, input: &UpdateClusterSettingsRequest) -> Result<Needs> {
        self.on_cluster(cx, Some(&input.cluster)).await
    }

    async fn handle(&self, cx: &Cx, input: UpdateClusterSettingsRequest) -> Reply<UpdateClusterSettings> {
        // AWS: recorded; the cluster is looked at before the values.
        let name = self.active_cluster(cx, Some(&input.cluster)).await?.record.name;
        let insights = container_insights(Some(&input.settings))?;
        let change = |cluster: &mut Cluster| {
            if let Some(value) = &insights {
                cluster.container_insights.clone_from(value);
            }
            Ok::<_, Fault>(())
        };
        let updated = self.clusters.update(scope(cx).of(), &[&name], change).await?;
        let cluster = updated.ok_or_else(crate::error::cluster_not_found)?.record;
        let counts = self.counts(cx, &name).await?;
        Ok(UpdateClusterSettingsResponse {
            cluster: Some(cluster.to_api(cx.place(), counts, Include::CHANGED)),
        })
    }
}
