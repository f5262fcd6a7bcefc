//! events:DescribeEventBus — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html>

use api_events::DescribeEventBusRequest;
use api_events::op::DescribeEventBus;

use crate::prelude::*;

impl Handle<DescribeEventBus> for Events {
    async fn needs(&self, cx: &Cx, input: &DescribeEventBusRequest) -> Result<Needs> {
        let name = arn::bus_name(cx.place(), input.name.as_deref())?;
        self.needs_on_bus(cx, &name).await
    }

    async fn handle(&self, cx: &Cx, input: DescribeEventBusRequest) -> Reply<DescribeEventBus> {
        let name = arn::bus_name(cx.place(), input.name.as_deref())?;
        Ok(self.bus(cx.place(), &name).await?.describe(cx.place()))
    }
}
