//! events:DeleteRule — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html>

use api_events::DeleteRuleRequest;
use api_events::op::DeleteRule;
use roadstead_store::Txn;

use crate::error::{busy, invalid};
use crate::prelude::*;
use crate::{TRIES, check_owner};

impl Handle<DeleteRule> for Events {
    async fn needs(&self, cx: &Cx, input: &DeleteRuleRequest) -> Result<Needs> {
        self.needs_on_rule(cx, input.event_bus_name.as_deref(), &input.name)
            .await
    }

    async fn handle(&self, cx: &Cx, input: DeleteRuleRequest) -> Reply<DeleteRule> {
        let place = cx.place();
        let bus = arn::bus_name(place, input.event_bus_name.as_deref())?;
        let id = [bus.as_str(), input.name.as_str()];
        for _ in 0..TRIES {
            let Some(found) = self.rules.get(scope(&place), &id).await? else {
                // AWS: a rule that is gone is deleted once more without an error; its bus has to be there.
                self.bus(place, &bus).await?;
                return Ok(Empty {});
            };
            check_owner(cx, &found.record, input.force.unwrap_or(false))?;
            if !self.targets.list(scope(&place), &id, None, 1).await?.records.is_empty() {
                return Err(invalid("Rule can't be deleted since it has targets."));
            }
            let mut txn = Txn::new();
            self.rules.stage_delete(&mut txn, scope(&place), &id, found.revision);
            self.targets.require_none(&mut txn, scope(&place), &id);
            match self.store.commit(txn).await {
                Ok(_) => {
                    self.rule_changed(place, &bus, &input.name);
                    return Ok(Empty {});
                }
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(busy(&format!("Rule {}", input.name)))
    }
}
