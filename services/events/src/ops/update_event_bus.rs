//! events:UpdateEventBus — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateEventBus.html>

use api_events::op::UpdateEventBus;
use api_events::{UpdateEventBusRequest, UpdateEventBusResponse};

use crate::prelude::*;
use crate::records::{Bus, Document};

impl Handle<UpdateEventBus> for Events {
    async fn needs(&self, cx: &Cx, input: &UpdateEventBusRequest) -> Result<Needs> {
        let name = arn::bus_name(cx.place(), input.name.as_deref())?;
        self.needs_on_bus(cx, &name).await
    }

    async fn handle(&self, cx: &Cx, input: UpdateEventBusRequest) -> Reply<UpdateEventBus> {
        let name = arn::bus_name(cx.place(), input.name.as_deref())?;
        let change = |bus: &mut Bus| {
            bus.description.clone_from(&input.description);
            bus.kms_key.clone_from(&input.kms_key_identifier);
            bus.dead_letter = input.dead_letter_config.clone().map(Document);
            bus.log = input.log_config.clone().map(Document);
            Ok(())
        };
        let bus = self.change_bus(cx.place(), &name, cx.now(), change).await?;
        Ok(UpdateEventBusResponse {
            arn: Some(arn::bus(cx.place(), &name)),
            name: Some(name),
            kms_key_identifier: bus.kms_key,
            description: bus.description,
            dead_letter_config: bus.dead_letter.map(|given| given.0),
            log_config: bus.log.map(|given| given.0),
        })
    }
}
