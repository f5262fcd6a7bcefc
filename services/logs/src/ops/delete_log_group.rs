//! logs:DeleteLogGroup — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html>

use api_logs::op::DeleteLogGroup;
use api_logs::{DeleteLogGroupRequest, errors};
use roadstead_kernel::prelude::*;
use roadstead_store::Txn;
use roadstead_wire::Empty;

use crate::error::busy;
use crate::lane::Lane;
use crate::records::Stream;
use crate::{Logs, MAX_RETRIES, scope};

impl Handle<DeleteLogGroup> for Logs {
    async fn needs(&self, cx: &Cx, input: &DeleteLogGroupRequest) -> Result<Needs> {
        self.needs_on_group(cx, &input.log_group_name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteLogGroupRequest) -> Reply<DeleteLogGroup> {
        let (place, name) = (cx.place(), input.log_group_name);
        for _ in 0..MAX_RETRIES {
            let group = self.group(place, &name).await?;
            if group.record.deletion_protection {
                let text = format!("Log group `{name}` cannot be deleted because deletion protection is enabled.");
                return Err(errors::VALIDATION_EXCEPTION.with(text).into());
            }
            let mut txn = Txn::new();
            self.groups
                .stage_delete(&mut txn, scope(&place), &[&name], group.revision);
            let txn = txn
                .delete_prefix(roadstead_store::Table::<Stream>::prefix(scope(&place), &[&name]))
                .delete_prefix(Lane::of_group(place, &group.record.uid));
            match self.store.commit(txn).await {
                Ok(_) => return Ok(Empty {}),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error).context("deleting a log group"),
            }
        }
        Err(busy())
    }
}
