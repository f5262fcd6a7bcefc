//! events:PutEvents — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>

use std::collections::BTreeMap;

use api_events::op::PutEvents;
use api_events::{PutEventsRequest, PutEventsRequestEntry, PutEventsResponse, PutEventsResultEntry};
use roadstead_kernel::CallerKind;
use serde_json::Value;

use crate::error::invalid;
use crate::event::{Content, Event};
use crate::prelude::*;
use crate::{SERVICE, policy};

/// The most bytes of the entries of a call.
const MAX_BYTES: usize = 262_144;
/// The bytes that a time counts.
const TIME_BYTES: usize = 14;

impl Handle<PutEvents> for Events {
    async fn needs(&self, cx: &Cx, input: &PutEventsRequest) -> Result<Needs> {
        let mut buses: BTreeMap<String, Vec<&PutEventsRequestEntry>> = BTreeMap::new();
        for entry in &input.entries {
            let bus = arn::bus_name(cx.place(), entry.event_bus_name.as_deref())?;
            buses.entry(bus).or_default().push(entry);
        }
        let mut needs = Needs::nothing();
        for (name, entries) in buses {
            let texts = |text: fn(&PutEventsRequestEntry) -> Option<&String>| {
                let mut all: Vec<String> = entries.iter().copied().filter_map(text).cloned().collect();
                all.sort_unstable();
                all.dedup();
                all
            };
            let mut on_bus = self
                .needs_on_bus(cx, &name)
                .await?
                .key("events:eventBusInvocation", (passes_on(cx)).to_string())
                .keys("events:source", texts(|entry| entry.source.as_ref()))
                .keys("events:detail-type", texts(|entry| entry.detail_type.as_ref()));
            if let Ok(bus) = self.bus(cx.place(), &name).await
                && let Some(program) = policy::program(cx.place(), &bus)?
            {
                on_bus = on_bus.resource_policy(program);
            }
            needs = needs.and(on_bus);
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: PutEventsRequest) -> Reply<PutEvents> {
        if input.endpoint_id.is_some() {
            return Err(invalid("Global endpoints are not available."));
        }
        if input.entries.iter().map(bytes).sum::<usize>() > MAX_BYTES {
            return Err(invalid("Total size of the entries in the request is over the limit."));
        }
        let mut accepted: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        let mut answers = Vec::with_capacity(input.entries.len());
        for entry in input.entries {
            let bus = arn::bus_name(cx.place(), entry.event_bus_name.as_deref())?;
            answers.push(match read(cx, entry)? {
                Ok(event) => {
                    let event_id = Some(event.id.clone());
                    accepted.entry(bus).or_default().push(event);
                    PutEventsResultEntry {
                        event_id,
                        ..PutEventsResultEntry::default()
                    }
                }
                Err((code, message)) => PutEventsResultEntry {
                    event_id: None,
                    error_code: Some(code.to_owned()),
                    error_message: Some(message),
                },
            });
        }
        for (bus, events) in accepted {
            // AWS: events for a bus that does not exist are accepted, and nobody gets them.
            self.publish(cx.place(), &bus, &events, passes_on(cx), cx.now()).await?;
        }
        let failed = answers.iter().filter(|answer| answer.event_id.is_none()).count();
        Ok(PutEventsResponse {
            failed_entry_count: i32::try_from(failed).ok(),
            entries: Some(answers),
        })
    }
}

/// Whether a bus passes events on to another one.
fn passes_on(cx: &Cx) -> bool {
    let session = cx.caller().session().and_then(|session| session.service.as_deref());
    session == Some(SERVICE) || cx.caller().invoking_service() == Some(SERVICE)
}

/// An entry's event, or why it is none.
fn read(cx: &Cx, entry: PutEventsRequestEntry) -> Result<Result<Event, (&'static str, String)>> {
    let missing = |name: &str| {
        let text = format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
        Ok(Err(("InvalidArgument", text)))
    };
    let Some(source) = entry.source.filter(|source| !source.is_empty()) else {
        return missing("Source");
    };
    let Some(detail_type) = entry.detail_type.filter(|kind| !kind.is_empty()) else {
        return missing("DetailType");
    };
    let Some(detail) = entry.detail.filter(|detail| !detail.is_empty()) else {
        return missing("Detail");
    };
    if source.starts_with("aws.") && cx.caller().kind() != CallerKind::Service && !passes_on(cx) {
        let text = "Not authorized for the source.".to_owned();
        return Ok(Err(("NotAuthorizedForSourceException", text)));
    }
    if !matches!(serde_json::from_str(&detail), Ok(Value::Object(_))) {
        return Ok(Err(("MalformedDetail", "Detail is malformed.".to_owned())));
    }
    let content = Content {
        id: cx.ids().uuid(),
        source: &source,
        detail_type: &detail_type,
        time: entry.time.unwrap_or(cx.now()),
        resources: entry.resources.unwrap_or_default(),
        detail: &detail,
    };
    Event::new(cx.place(), content).map(Ok)
}

/// What an entry counts against the limit.
// AWS: documented.
fn bytes(entry: &PutEventsRequestEntry) -> usize {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let resources: usize = entry.resources.iter().flatten().map(String::len).sum();
    let time = if entry.time.is_some() { TIME_BYTES } else { 0 };
    time + length(&entry.source) + length(&entry.detail_type) + length(&entry.detail) + resources
}
