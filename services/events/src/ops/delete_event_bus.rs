//! events:DeleteEventBus — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteEventBus.html>

use api_events::DeleteEventBusRequest;
use api_events::op::DeleteEventBus;
use roadstead_store::Txn;

use crate::TRIES;
use crate::check::not_default;
use crate::error::{busy, invalid};
use crate::prelude::*;

impl Handle<DeleteEventBus> for Events {
    async fn needs(&self, cx: &Cx, input: &DeleteEventBusRequest) -> Result<Needs> {
        self.needs_on_bus(cx, &input.name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteEventBusRequest) -> Reply<DeleteEventBus> {
        not_default(&input.name)?;
        let (place, id) = (cx.place(), [input.name.as_str()]);
        for _ in 0..TRIES {
            // AWS: a bus that is gone is deleted once more without an error.
            let Some(found) = self.buses.get(scope(&place), &id).await? else {
                return Ok(Empty {});
            };
            if !self.rules.list(scope(&place), &id, None, 1).await?.records.is_empty() {
                return Err(invalid(format!(
                    "Cannot delete event bus {} because it has rules.",
                    input.name
                )));
            }
            let mut txn = Txn::new();
            self.buses.stage_delete(&mut txn, scope(&place), &id, found.revision);
            self.rules.require_none(&mut txn, scope(&place), &id);
            match self.store.commit(txn).await {
                Ok(_) => return Ok(Empty {}),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(busy(&format!("Event bus {}", input.name)))
    }
}
