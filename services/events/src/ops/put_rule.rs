//! events:PutRule — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>

use api_events::op::PutRule;
use api_events::{PutRuleRequest, PutRuleResponse};
use roadstead_store::Txn;
use serde_json::Value;

use crate::check::{self, MAX_RULES, some};
use crate::error::{busy, limit_exceeded};
use crate::prelude::*;
use crate::records::Rule;
use crate::{TRIES, check_owner};

impl Handle<PutRule> for Events {
    async fn needs(&self, cx: &Cx, input: &PutRuleRequest) -> Result<Needs> {
        let tags: Tags = input
            .tags
            .iter()
            .flatten()
            .map(|tag| (tag.key.as_str(), tag.value.as_str()))
            .collect();
        let pattern: Value = input
            .event_pattern
            .as_deref()
            .and_then(|pattern| serde_json::from_str(pattern).ok())
            .unwrap_or_default();
        let texts = |pointer: &str| -> Vec<String> {
            let tests = pattern.pointer(pointer).and_then(Value::as_array);
            tests
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(ToOwned::to_owned)
                .collect()
        };
        let mut needs = self
            .needs_on_rule(cx, input.event_bus_name.as_deref(), &input.name)
            .await?
            .request_tags(&tags);
        for (key, pointer) in [("events:source", "/source"), ("events:detail-type", "/detail-type")] {
            let texts = texts(pointer);
            if !texts.is_empty() {
                needs = needs.keys(key, texts);
            }
        }
        for (key, pointer) in [
            ("events:detail.service", "/detail/service"),
            ("events:detail.eventTypeCode", "/detail/eventTypeCode"),
            (
                "events:detail.userIdentity.principalId",
                "/detail/userIdentity/principalId",
            ),
        ] {
            if let [only] = texts(pointer).as_slice() {
                needs = needs.key(key, only);
            }
        }
        Ok(needs.pass_role(input.role_arn.as_deref(), crate::SERVICE))
    }

    async fn handle(&self, cx: &Cx, input: PutRuleRequest) -> Reply<PutRule> {
        let place = cx.place();
        let bus = arn::bus_name(place, input.event_bus_name.as_deref())?;
        self.bus(place, &bus).await?;
        check::rule(
            &bus,
            input.event_pattern.as_deref(),
            input.schedule_expression.as_deref(),
        )?;
        let tags = check::tags(input.tags.as_deref().unwrap_or_default())?;
        let id = [bus.as_str(), input.name.as_str()];
        for _ in 0..TRIES {
            let found = self.rules.get(scope(&place), &id).await?;
            let mut rule = Rule {
                name: input.name.clone(),
                bus: bus.clone(),
                pattern: some(input.event_pattern.clone()),
                schedule: some(input.schedule_expression.clone()),
                state: input
                    .state
                    .as_ref()
                    .map_or("ENABLED", |state| state.as_str())
                    .to_owned(),
                description: some(input.description.clone()),
                role: some(input.role_arn.clone()),
                managed_by: cx.caller().linked_service().map(ToOwned::to_owned),
                created_by: cx.account().to_string(),
                since: cx.now(),
                tags: tags.clone(),
            };
            let mut txn = Txn::new();
            if let Some(found) = found {
                let before = found.record;
                check_owner(cx, &before, false)?;
                if before.schedule == rule.schedule && before.is_enabled() {
                    rule.since = before.since;
                }
                // AWS: documented; tags are given at creation only, and what is left out of the rest is gone.
                rule.tags = before.tags;
                rule.created_by = before.created_by;
                self.rules
                    .stage_replace(&mut txn, scope(&place), &id, found.revision, &rule)?;
            } else {
                if self
                    .rules
                    .list(scope(&place), &[&bus], None, MAX_RULES)
                    .await?
                    .records
                    .len()
                    >= MAX_RULES
                {
                    return Err(limit_exceeded());
                }
                self.rules.stage_new(&mut txn, scope(&place), &id, &rule)?;
            }
            if bus != arn::DEFAULT {
                self.buses.require(&mut txn, scope(&place), &[&bus]);
            }
            match self.store.commit(txn).await {
                Ok(_) => {
                    self.rule_changed(place, &bus, &rule.name);
                    return Ok(PutRuleResponse {
                        rule_arn: Some(rule.arn(place)),
                    });
                }
                Err(error) if error.is_conflict() => {
                    self.bus(place, &bus).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(busy(&format!("Rule {}", input.name)))
    }
}
