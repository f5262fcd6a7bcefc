//! events:DescribeRule — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html>

use api_events::DescribeRuleRequest;
use api_events::op::DescribeRule;

use crate::prelude::*;

impl Handle<DescribeRule> for Events {
    async fn needs(&self, cx: &Cx, input: &DescribeRuleRequest) -> Result<Needs> {
        self.needs_on_rule(cx, input.event_bus_name.as_deref(), &input.name)
            .await
    }

    async fn handle(&self, cx: &Cx, input: DescribeRuleRequest) -> Reply<DescribeRule> {
        let bus = arn::bus_name(cx.place(), input.event_bus_name.as_deref())?;
        let found = self.rule(cx.place(), &bus, &input.name).await?;
        Ok(found.record.describe(cx.place()))
    }
}
