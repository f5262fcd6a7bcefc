//! ecs:ListServices — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html>

use api_ecs::op::ListServices;
use api_ecs::{ListServicesRequest, ListServicesResponse, ResourceManagementType, SchedulingStrategy};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::records::{Service, ServiceStatus};
use crate::run::{after, limit};
use crate::{Ecs, arn, choices, scope};

/// The page of a caller who asks for none in particular, and the largest one.
const PAGES: (usize, i32) = (10, 100);

impl Handle<ListServices> for Ecs {
    async fn needs(&self, cx: &Cx, input: &ListServicesRequest) -> Result<Needs> {
        let cluster = arn::cluster_name(cx.place(), input.cluster.as_deref())?;
        Ok(Needs::any().key("ecs:cluster", arn::cluster(cx.place(), &cluster)))
    }

    async fn handle(&self, cx: &Cx, input: ListServicesRequest) -> Reply<ListServices> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record.name;
        choices::launch_type(input.launch_type.as_ref())?;
        choices::scheduling_strategy(input.scheduling_strategy.as_ref())?;
        let limit = limit(input.max_results, PAGES)?;
        let filters = format!(
            "ListServices {cluster} {:?} {:?} {:?}",
            input.launch_type, input.scheduling_strategy, input.resource_management_type
        );
        let after = after(&filters, input.next_token.as_deref())?;
        let all = self
            .services
            .services
            .list(scope(cx).of(), &[&cluster], None, usize::MAX)
            .await?;
        let matching = all
            .records
            .iter()
            .map(|found| &found.record)
            .filter(|service| matches(service, &input));
        let page = paging::page(matching, |service| service.name.as_str(), after.as_deref(), limit);
        Ok(ListServicesResponse {
            service_arns: Some(page.items.iter().map(|service| service.arn(cx.place())).collect()),
            next_token: page.next.map(|key| paging::token(&filters, &key)),
        })
    }
}

fn matches(service: &Service, input: &ListServicesRequest) -> bool {
    let set = service.primary_set().map(|set| &set.settings);
    let settings = service.primary().map(|primary| &primary.settings).or(set);
    let launch = settings.and_then(|settings| settings.launch.to_api());
    let strategy = if service.is_daemon() {
        SchedulingStrategy::Daemon
    } else {
        SchedulingStrategy::Replica
    };
    service.status == ServiceStatus::Active
        && (input.launch_type.is_none() || input.launch_type == launch)
        && input
            .scheduling_strategy
            .as_ref()
            .is_none_or(|asked| *asked == strategy)
        && input
            .resource_management_type
            .as_ref()
            .is_none_or(|asked| *asked == ResourceManagementType::Customer)
}
