//! ecs:ListContainerInstances — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListContainerInstances.html>

use api_ecs::op::ListContainerInstances;
use api_ecs::{ContainerInstanceStatus, ListContainerInstancesRequest, ListContainerInstancesResponse};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::placement::Query;
use crate::records::ContainerInstance;
use crate::run::{after, page_size};
use crate::{Ecs, scope};

impl Handle<ListContainerInstances> for Ecs {
    async fn needs(&self, cx: &Cx, input: &ListContainerInstancesRequest) -> Result<Needs> {
        self.on_cluster(cx, input.cluster.as_deref()).await
    }

    async fn handle(&self, cx: &Cx, input: ListContainerInstancesRequest) -> Reply<ListContainerInstances> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record.name;
        if let Some(ContainerInstanceStatus::Other(_)) = input.status {
            return Err(invalid(
                "Container instance status should be one of [ACTIVE, DRAINING, REGISTERING, DEREGISTERING, REGISTRATION_FAILED]",
            ));
        }
        let limit = page_size(input.max_results)?;
        let filters = format!("ListContainerInstances {cluster} {:?} {:?}", input.filter, input.status);
        let after = after(&filters, input.next_token.as_deref())?;
        let query = match input.filter.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => Some(
                Query::parse(text)
                    .map_err(|why| invalid(format!("Invalid cluster query language expression {text}: {why}.")))?,
            ),
            None => None,
        };
        let all = self
            .instances
            .list(scope(cx).of(), &[&cluster], None, usize::MAX)
            .await?;
        let matching = self
            .fleet
            .read(cx.place(), &cluster, |snapshot| {
                let of_status = all
                    .records
                    .iter()
                    .map(|found| &found.record)
                    .filter(|record| is_of(record, &input));
                of_status
                    .filter(|record| query.as_ref().is_none_or(|query| snapshot.holds(&record.id, query)))
                    .collect::<Vec<_>>()
            })
            .await?;
        let page = paging::page(matching, |record| record.id.as_str(), after.as_deref(), limit);
        Ok(ListContainerInstancesResponse {
            container_instance_arns: Some(page.items.iter().map(|record| record.arn(cx.place())).collect()),
            next_token: page.next.map(|key| paging::token(&filters, &key)),
        })
    }
}

// AWS: documented; without a status all but those that were deregistered.
fn is_of(record: &ContainerInstance, input: &ListContainerInstancesRequest) -> bool {
    let wanted = input.status.as_ref().map(ContainerInstanceStatus::as_str);
    record.is_registered() && wanted.is_none_or(|wanted| wanted == record.status.as_str())
}
