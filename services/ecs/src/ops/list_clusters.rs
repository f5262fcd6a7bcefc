//! ecs:ListClusters — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListClusters.html>

use api_ecs::op::ListClusters;
use api_ecs::{ListClustersRequest, ListClustersResponse};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::run::page_size;
use crate::{Ecs, arn, scope};

impl Handle<ListClusters> for Ecs {
    async fn needs(&self, _cx: &Cx, _input: &ListClustersRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: ListClustersRequest) -> Reply<ListClusters> {
        let limit = page_size(input.max_results)?;
        let after = crate::run::after("ListClusters", input.next_token.as_deref())?;
        let all = self.clusters.list_all(scope(cx).of()).await?;
        let active = all
            .iter()
            .map(|found| &found.record)
            .filter(|cluster| cluster.is_active());
        let page = paging::page(active, |cluster| cluster.name.as_str(), after.as_deref(), limit);
        Ok(ListClustersResponse {
            cluster_arns: Some(
                page.items
                    .iter()
                    .map(|cluster| arn::cluster(cx.place(), &cluster.name))
                    .collect(),
            ),
            next_token: page.next.map(|key| paging::token("ListClusters", &key)),
        })
    }
}
