//! events:TestEventPattern — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html>

use api_events::op::TestEventPattern;
use api_events::{TestEventPatternRequest, TestEventPatternResponse};
use serde_json::Value;

use crate::error::{invalid, invalid_pattern};
use crate::pattern::Pattern;
use crate::prelude::*;

/// The members that an event must have, as documented.
const REQUIRED: [&str; 8] = [
    "id",
    "account",
    "source",
    "time",
    "region",
    "resources",
    "detail-type",
    "detail",
];

impl Handle<TestEventPattern> for Events {
    async fn needs(&self, _: &Cx, _: &TestEventPatternRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, _: &Cx, input: TestEventPatternRequest) -> Reply<TestEventPattern> {
        let event: Value = serde_json::from_str(&input.event)
            .map_err(|_| invalid("Parameter Event is not valid. Reason: it is not valid JSON."))?;
        // AWS: documented; the detail may be missing, the rest may not.
        let missing = REQUIRED
            .iter()
            .find(|name| **name != "detail" && event.get(**name).is_none());
        if let Some(name) = missing {
            return Err(invalid(format!(
                "Parameter Event is not valid. Reason: {name} must be specified."
            )));
        }
        let pattern = Pattern::parse(&input.event_pattern).map_err(|why| invalid_pattern(&why))?;
        Ok(TestEventPatternResponse {
            result: Some(pattern.matches(&event)),
        })
    }
}
