//! events:PutPermission — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html>

use api_events::PutPermissionRequest;
use api_events::op::PutPermission;

use crate::policy::with_permission;
use crate::prelude::*;

impl Handle<PutPermission> for Events {
    async fn needs(&self, _: &Cx, _: &PutPermissionRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: PutPermissionRequest) -> Reply<PutPermission> {
        let place = cx.place();
        let name = arn::bus_name(place, input.event_bus_name.as_deref())?;
        let change = |bus: &mut crate::records::Bus| {
            bus.policy = Some(with_permission(place, bus, &input)?);
            Ok(())
        };
        self.change_bus(place, &name, cx.now(), change).await?;
        Ok(Empty {})
    }
}
