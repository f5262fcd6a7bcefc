//! cloudtrail:LookupEvents — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>

use std::sync::Arc;

use api_cloudtrail::op::LookupEvents;
use api_cloudtrail::{LookupEventsRequest, LookupEventsResponse};

use crate::lookup::Lookup;
use crate::prelude::*;
use crate::event;

impl Handle<LookupEvents> for CloudTrail {
    async fn needs(&self, _cx: &Cx, _input: &LookupEventsRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: LookupEventsRequest) -> Reply<LookupEvents> {
        if input.event_category.is_some() {
            // There is nothing that would find anything unusual, so there are no such events.
            return Ok(LookupEventsResponse { events: Some(Vec::new()), next_token: None });
        }
        let lookup = Arc::new(Lookup::new(cx, input)?);
        let (kernel, asked) = (Arc::clone(cx.kernel()), Arc::clone(&lookup));
        // Reading the trail waits for the disk.
        let read = tokio::task::spawn_blocking(move || kernel.audit().recent(asked.size + 1, asked.wanted()));
        let mut records = read.await.map_err(Fault::internal)??;
        let more = records.len() > lookup.size;
        records.truncate(lookup.size);
        let next_token = records.last().filter(|_| more).map(|last| lookup.token(&last.event_id));
        let events = records.iter().map(event::to_api).collect::<Result<_>>()?;
        Ok(LookupEventsResponse { events: Some(events), next_token })
    }
}
