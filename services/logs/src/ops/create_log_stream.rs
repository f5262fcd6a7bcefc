//! logs:CreateLogStream — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html>

use api_logs::op::CreateLogStream;
use api_logs::{CreateLogStreamRequest, errors};
use roadstead_kernel::prelude::*;
use roadstead_store::Txn;
use roadstead_wire::Empty;

use crate::error::busy;
use crate::records::Stream;
use crate::{Logs, MAX_RETRIES, scope};

impl Handle<CreateLogStream> for Logs {
    async fn needs(&self, cx: &Cx, input: &CreateLogStreamRequest) -> Result<Needs> {
        self.needs_on_stream(cx, &input.log_group_name, &input.log_stream_name)
            .await
    }

    async fn handle(&self, cx: &Cx, input: CreateLogStreamRequest) -> Reply<CreateLogStream> {
        let place = cx.place();
        let stream = Stream::new(input.log_stream_name, cx.ids().hex(16), cx.now());
        let id = [input.log_group_name.as_str(), stream.name.as_str()];
        for _ in 0..MAX_RETRIES {
            let group = self.group(place, id[0]).await?;
            let mut txn = Txn::new();
            self.streams.stage_new(&mut txn, scope(&place), &id, &stream)?;
            self.groups
                .require_at(&mut txn, scope(&place), &[id[0]], group.revision);
            match self.store.commit(txn).await {
                Ok(_) => return Ok(Empty {}),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error).context("writing a log stream"),
            }
            if self.streams.get(scope(&place), &id).await?.is_some() {
                let text = "The specified log stream already exists";
                return Err(errors::RESOURCE_ALREADY_EXISTS_EXCEPTION.with(text).into());
            }
        }
        Err(busy())
    }
}
