//! events:ListRules — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html>

use api_events::op::ListRules;
use api_events::{ListRulesRequest, ListRulesResponse};
use roadstead_core::paging;

use crate::check::page;
use crate::prelude::*;

impl Handle<ListRules> for Events {
    async fn needs(&self, _: &Cx, _: &ListRulesRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: ListRulesRequest) -> Reply<ListRules> {
        let place = cx.place();
        let bus = arn::bus_name(place, input.event_bus_name.as_deref())?;
        self.bus(place, &bus).await?;
        let prefix = input.name_prefix.as_deref().unwrap_or_default();
        let filters = format!("ListRules {bus} {prefix}");
        let (after, limit) = page(&filters, input.next_token.as_deref(), input.limit)?;
        let all = self.rules.list(scope(&place), &[&bus], None, usize::MAX).await?.records;
        let named = all
            .into_iter()
            .map(|found| found.record)
            .filter(|rule| rule.name.starts_with(prefix));
        let page = paging::page(named, |rule| &rule.name, after.as_deref(), limit);
        Ok(ListRulesResponse {
            rules: Some(page.items.iter().map(|rule| rule.to_api(place)).collect()),
            next_token: page.next.map(|name| paging::token(&filters, &name)),
        })
    }
}
