//! events:ListRuleNamesByTarget — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRuleNamesByTarget.html>

use std::collections::BTreeSet;

use api_events::op::ListRuleNamesByTarget;
use api_events::{ListRuleNamesByTargetRequest, ListRuleNamesByTargetResponse};
use roadstead_core::paging;
use roadstead_store::Table;

use crate::check::page;
use crate::prelude::*;
use crate::records::Target;

impl Handle<ListRuleNamesByTarget> for Events {
    async fn needs(&self, _: &Cx, _: &ListRuleNamesByTargetRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: ListRuleNamesByTargetRequest) -> Reply<ListRuleNamesByTarget> {
        let place = cx.place();
        let bus = arn::bus_name(place, input.event_bus_name.as_deref())?;
        self.bus(place, &bus).await?;
        let filters = format!("ListRuleNamesByTarget {bus} {}", input.target_arn);
        let (after, limit) = page(&filters, input.next_token.as_deref(), input.limit)?;
        let all = self
            .targets
            .list(scope(&place), &[&bus], None, usize::MAX)
            .await?
            .records;
        let of_target = all
            .into_iter()
            .filter(|found| found.record.given.0.arn == input.target_arn);
        let names: BTreeSet<String> = of_target
            .filter_map(|found| Table::<Target>::parse_key(&found.key)?.id.into_iter().nth(1))
            .collect();
        let page = paging::page(names, |name| name, after.as_deref(), limit);
        Ok(ListRuleNamesByTargetResponse {
            rule_names: Some(page.items),
            next_token: page.next.map(|name| paging::token(&filters, &name)),
        })
    }
}
