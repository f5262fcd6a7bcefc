//! events:ListTargetsByRule — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTargetsByRule.html>

use api_events::op::ListTargetsByRule;
use api_events::{ListTargetsByRuleRequest, ListTargetsByRuleResponse};
use roadstead_core::paging;

use crate::check::page;
use crate::prelude::*;

impl Handle<ListTargetsByRule> for Events {
    async fn needs(&self, cx: &Cx, input: &ListTargetsByRuleRequest) -> Result<Needs> {
        self.needs_on_rule(cx, input.event_bus_name.as_deref(), &input.rule)
            .await
    }

    async fn handle(&self, cx: &Cx, input: ListTargetsByRuleRequest) -> Reply<ListTargetsByRule> {
        let place = cx.place();
        let bus = arn::bus_name(place, input.event_bus_name.as_deref())?;
        self.rule(place, &bus, &input.rule).await?;
        let filters = format!("ListTargetsByRule {bus} {}", input.rule);
        let (after, limit) = page(&filters, input.next_token.as_deref(), input.limit)?;
        let id = [bus.as_str(), input.rule.as_str()];
        let all = self.targets.list(scope(&place), &id, None, usize::MAX).await?.records;
        let given = all.into_iter().map(|found| found.record.given.0);
        let page = paging::page(given, |target| &target.id, after.as_deref(), limit);
        Ok(ListTargetsByRuleResponse {
            targets: Some(page.items),
            next_token: page.next.map(|id| paging::token(&filters, &id)),
        })
    }
}
