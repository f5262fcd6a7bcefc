//! ecs:ListServiceDeployments — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html>

use api_ecs::op::ListServiceDeployments;
use api_ecs::{ListServiceDeploymentsRequest, ListServiceDeploymentsResponse};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::run::{after, limit};
use crate::{Ecs, scope, service};

/// The page of a caller who asks for none in particular, and the largest one.
const PAGES: (usize, i32) = (20, 100);

impl Handle<ListServiceDeployments> for Ecs {
    async fn needs(&self, cx: &Cx, input: &ListServiceDeploymentsRequest) -> Result<Needs> {
        let (cluster, service) = service::named(cx, input.cluster.as_deref(), &input.service)?;
        Ok(Needs::on(service).key("ecs:cluster", cluster))
    }

    async fn handle(&self, cx: &Cx, input: ListServiceDeploymentsRequest) -> Reply<ListServiceDeployments> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record.name;
        let service = service::there(self.service(cx, &cluster, &input.service).await?)?
            .record
            .name;
        let limit = limit(input.max_results, PAGES)?;
        let filters = format!(
            "ListServiceDeployments {cluster}/{service} {:?} {:?}",
            input.status, input.created_at
        );
        let after = after(&filters, input.next_token.as_deref())?;
        let all = self
            .services
            .deployments
            .list(scope(cx).of(), &[&cluster, &service], None, usize::MAX)
            .await?;
        let mut matching: Vec<_> = all.records.into_iter().map(|found| found.record).collect();
        let (from, to) = input
            .created_at
            .map(|range| (range.after, range.before))
            .unwrap_or_default();
        matching.retain(|one| {
            input
                .status
                .as_ref()
                .is_none_or(|wanted| wanted.is_empty() || wanted.contains(&one.status.to_api()))
                && from.is_none_or(|from| one.created_at >= from)
                && to.is_none_or(|to| one.created_at <= to)
        });
        matching.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        let skip = after
            .and_then(|after| matching.iter().position(|one| one.id == after))
            .map_or(0, |at| at + 1);
        let mut shown: Vec<_> = matching.into_iter().skip(skip).take(limit.saturating_add(1)).collect();
        let more = shown.len() > limit;
        shown.truncate(limit);
        let next = shown
            .last()
            .filter(|_| more)
            .map(|last| paging::token(&filters, &last.id));
        Ok(ListServiceDeploymentsResponse {
            service_deployments: Some(
                shown
                    .iter()
                    .map(|one| one.to_brief(cx.place(), &cluster, &service))
                    .collect(),
            ),
            next_token: next,
        })
    }
}
