//! logs:DeleteLogStream — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogStream.html>

use api_logs::DeleteLogStreamRequest;
use api_logs::op::DeleteLogStream;
use roadstead_kernel::prelude::*;
use roadstead_store::Txn;
use roadstead_wire::Empty;

use crate::error::busy;
use crate::lane::Lane;
use crate::{Logs, MAX_RETRIES, scope};

impl Handle<DeleteLogStream> for Logs {
    async fn needs(&self, cx: &Cx, input: &DeleteLogStreamRequest) -> Result<Needs> {
        self.needs_on_stream(cx, &input.log_group_name, &input.log_stream_name)
            .await
    }

    async fn handle(&self, cx: &Cx, input: DeleteLogStreamRequest) -> Reply<DeleteLogStream> {
        let place = cx.place();
        let id = [input.log_group_name.as_str(), input.log_stream_name.as_str()];
        let _turn = self.turn(id[0], id[1]).await;
        for _ in 0..MAX_RETRIES {
            let group = self.group(place, id[0]).await?.record;
            let stream = self.stream(place, id[0], id[1]).await?;
            let mut txn = Txn::new();
            self.streams.stage_delete(&mut txn, scope(&place), &id, stream.revision);
            let txn = txn.delete_prefix(Lane::new(place, &group.uid, &stream.record.uid).all());
            match self.store.commit(txn).await {
                Ok(_) => return Ok(Empty {}),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error).context("deleting a log stream"),
            }
        }
        Err(busy())
    }
}
