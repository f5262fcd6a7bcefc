//! events:CreateEventBus — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html>

use api_events::op::CreateEventBus;
use api_events::{CreateEventBusRequest, CreateEventBusResponse};

use crate::check::{MAX_BUSES, tags};
use crate::error::{bus_exists, invalid, limit_exceeded};
use crate::prelude::*;
use crate::records::{Bus, Document};

impl Handle<CreateEventBus> for Events {
    async fn needs(&self, cx: &Cx, input: &CreateEventBusRequest) -> Result<Needs> {
        let tags: Tags = input
            .tags
            .iter()
            .flatten()
            .map(|tag| (tag.key.as_str(), tag.value.as_str()))
            .collect();
        Ok(Needs::on(arn::bus(cx.place(), &input.name)).request_tags(&tags))
    }

    async fn handle(&self, cx: &Cx, input: CreateEventBusRequest) -> Reply<CreateEventBus> {
        let place = cx.place();
        if input.event_source_name.is_some() {
            return Err(invalid("Partner event sources are not available."));
        }
        if input.name.contains('/') {
            return Err(invalid("Event bus name must not contain '/'."));
        }
        if input.name == arn::DEFAULT {
            return Err(bus_exists(&input.name));
        }
        let others = self.buses.list_all(scope(&place)).await?;
        if others.iter().filter(|bus| bus.record.name != arn::DEFAULT).count() + 1 >= MAX_BUSES {
            return Err(limit_exceeded());
        }
        let bus = Bus {
            name: input.name,
            description: input.description,
            policy: None,
            kms_key: input.kms_key_identifier,
            dead_letter: input.dead_letter_config.map(Document),
            log: input.log_config.map(Document),
            tags: tags(input.tags.as_deref().unwrap_or_default())?,
            created_at: Some(cx.now()),
            modified_at: Some(cx.now()),
        };
        match self.buses.put_new(scope(&place), &[&bus.name], &bus).await {
            Err(error) if error.is_conflict() => return Err(bus_exists(&bus.name)),
            other => other?,
        };
        Ok(CreateEventBusResponse {
            event_bus_arn: Some(arn::bus(place, &bus.name)),
            description: bus.description,
            kms_key_identifier: bus.kms_key,
            dead_letter_config: bus.dead_letter.map(|given| given.0),
            log_config: bus.log.map(|given| given.0),
        })
    }
}
