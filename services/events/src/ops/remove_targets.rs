//! events:RemoveTargets — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemoveTargets.html>

use api_events::op::RemoveTargets;
use api_events::{RemoveTargetsRequest, RemoveTargetsResponse, RemoveTargetsResultEntry};
use roadstead_store::{Op, Table, Txn};

use crate::error::busy;
use crate::prelude::*;
use crate::records::Target;
use crate::{TRIES, check_owner};

impl Handle<RemoveTargets> for Events {
    async fn needs(&self, cx: &Cx, input: &RemoveTargetsRequest) -> Result<Needs> {
        self.needs_on_rule(cx, input.event_bus_name.as_deref(), &input.rule)
            .await
    }

    async fn handle(&self, cx: &Cx, input: RemoveTargetsRequest) -> Reply<RemoveTargets> {
        let place = cx.place();
        let bus = arn::bus_name(place, input.event_bus_name.as_deref())?;
        let id = [bus.as_str(), input.rule.as_str()];
        for _ in 0..TRIES {
            let rule = self.rule(place, &bus, &input.rule).await?;
            check_owner(cx, &rule.record, input.force.unwrap_or(false))?;
            let there = self.targets.list(scope(&place), &id, None, usize::MAX).await?.records;
            let mut refused = Vec::new();
            let mut txn = Txn::new();
            let mut ids: Vec<&str> = input.ids.iter().map(String::as_str).collect();
            ids.sort_unstable();
            ids.dedup();
            for id in ids {
                if there.iter().any(|target| target.record.given.0.id == id) {
                    let id = [bus.as_str(), input.rule.as_str(), id];
                    txn.push(Op::Delete {
                        key: Table::<Target>::key(scope(&place), &id),
                    });
                } else {
                    refused.push(RemoveTargetsResultEntry {
                        target_id: Some(id.to_owned()),
                        error_code: Some("ResourceNotFoundException".to_owned()),
                        error_message: Some(format!(
                            "Rule '{}' does not have a target with the Id '{id}'.",
                            input.rule
                        )),
                    });
                }
            }
            self.rules
                .stage_replace(&mut txn, scope(&place), &id, rule.revision, &rule.record)?;
            match self.store.commit(txn).await {
                Ok(_) => {
                    self.rule_changed(place, &bus, &input.rule);
                    return Ok(RemoveTargetsResponse {
                        failed_entry_count: i32::try_from(refused.len()).ok(),
                        failed_entries: Some(refused),
                    });
                }
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(busy(&format!("Rule {}", input.rule)))
    }
}
