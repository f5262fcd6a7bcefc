//! events:EnableRule — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EnableRule.html>

use api_events::EnableRuleRequest;
use api_events::op::EnableRule;

use crate::prelude::*;

impl Handle<EnableRule> for Events {
    async fn needs(&self, cx: &Cx, input: &EnableRuleRequest) -> Result<Needs> {
        self.needs_on_rule(cx, input.event_bus_name.as_deref(), &input.name)
            .await
    }

    async fn handle(&self, cx: &Cx, input: EnableRuleRequest) -> Reply<EnableRule> {
        let bus = arn::bus_name(cx.place(), input.event_bus_name.as_deref())?;
        let enable = |rule: &mut crate::records::Rule| {
            if !rule.is_enabled() {
                "ENABLED".clone_into(&mut rule.state);
                rule.since = cx.now();
            }
        };
        self.change_rule(cx, &bus, &input.name, enable).await?;
        Ok(Empty {})
    }
}
