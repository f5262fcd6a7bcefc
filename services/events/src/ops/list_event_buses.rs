//! events:ListEventBuses — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListEventBuses.html>

use api_events::op::ListEventBuses;
use api_events::{ListEventBusesRequest, ListEventBusesResponse};
use roadstead_core::paging;

use crate::check::page;
use crate::prelude::*;
use crate::records::Bus;

impl Handle<ListEventBuses> for Events {
    async fn needs(&self, _: &Cx, _: &ListEventBusesRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: ListEventBusesRequest) -> Reply<ListEventBuses> {
        let prefix = input.name_prefix.as_deref().unwrap_or_default();
        let filters = format!("ListEventBuses {prefix}");
        let (after, limit) = page(&filters, input.next_token.as_deref(), input.limit)?;
        let stored = self.buses.list_all(scope(&cx.place())).await?;
        let mut all: Vec<Bus> = stored.into_iter().map(|found| found.record).collect();
        if !all.iter().any(|bus| bus.name == arn::DEFAULT) {
            all.push(Bus::default_bus());
            all.sort_by(|one, other| one.name.cmp(&other.name));
        }
        let named = all.into_iter().filter(|bus| bus.name.starts_with(prefix));
        let page = paging::page(named, |bus| &bus.name, after.as_deref(), limit);
        Ok(ListEventBusesResponse {
            event_buses: Some(page.items.iter().map(|bus| bus.to_api(cx.place())).collect()),
            next_token: page.next.map(|name| paging::token(&filters, &name)),
        })
    }
}
