//! events:RemovePermission — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemovePermission.html>

use api_events::RemovePermissionRequest;
use api_events::op::RemovePermission;

use crate::error::invalid;
use crate::policy::without;
use crate::prelude::*;

impl Handle<RemovePermission> for Events {
    async fn needs(&self, _: &Cx, _: &RemovePermissionRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: RemovePermissionRequest) -> Reply<RemovePermission> {
        let name = arn::bus_name(cx.place(), input.event_bus_name.as_deref())?;
        let all = input.remove_all_permissions.unwrap_or(false);
        let change = |bus: &mut crate::records::Bus| {
            bus.policy = match input.statement_id.as_deref() {
                _ if all => None,
                Some(id) => without(bus, id)?,
                None => return Err(invalid("Parameter StatementId must be specified.")),
            };
            Ok(())
        };
        self.change_bus(cx.place(), &name, cx.now(), change).await?;
        Ok(Empty {})
    }
}
