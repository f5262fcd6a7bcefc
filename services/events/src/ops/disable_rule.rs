//! events:DisableRule — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DisableRule.html>

use api_events::DisableRuleRequest;
use api_events::op::DisableRule;

use crate::prelude::*;

impl Handle<DisableRule> for Events {
    async fn needs(&self, cx: &Cx, input: &DisableRuleRequest) -> Result<Needs> {
        self.needs_on_rule(cx, input.event_bus_name.as_deref(), &input.name)
            .await
    }

    async fn handle(&self, cx: &Cx, input: DisableRuleRequest) -> Reply<DisableRule> {
        let bus = arn::bus_name(cx.place(), input.event_bus_name.as_deref())?;
        let disable = |rule: &mut crate::records::Rule| "DISABLED".clone_into(&mut rule.state);
        self.change_rule(cx, &bus, &input.name, disable).await?;
        Ok(Empty {})
    }
}
