//! cloudtrail:LookupEvents — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>

use std::cmp::Reverse;
use std::sync::Arc;

use api_cloudtrail::op::LookupEvents;
use api_cloudtrail::{LookupEventsRequest, LookupEventsResponse};

use crate::event;
use crate::lookup::Lookup;
use crate::prelude::*;

impl Handle<LookupEvents> for CloudTrail {
    async fn needs(&self, _cx: &Cx, _input: &LookupEventsRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: LookupEventsRequest) -> Reply<LookupEvents> {
        let of_insight = input.event_category.is_some();
        let lookup = Arc::new(Lookup::new(cx, input)?);
        if of_insight {
            // Nothing here finds anything unusual, so there are no such events.
            return Ok(LookupEventsResponse {
                events: Some(Vec::new()),
                next_token: None,
            });
        }
        let (kernel, asked) = (Arc::clone(cx.kernel()), Arc::clone(&lookup));
        // Reading the trail waits for the disk.
        let read =
            tokio::task::spawn_blocking(move || kernel.audit().search(&asked.search(), |record| asked.fits(record)));
        let mut found = read.await.map_err(Fault::internal)??;
        let more = found.len() > lookup.size;
        found.truncate(lookup.size);
        let next_token = found
            .last()
            .filter(|_| more)
            .map(|(position, _)| lookup.token(*position));
        // Calls are recorded when they end, and shown by when they were made.
        found.sort_by_key(|(_, record)| Reverse(record.time));
        let events = found
            .iter()
            .map(|(_, record)| event::to_api(record))
            .collect::<Result<_>>()?;
        Ok(LookupEventsResponse {
            events: Some(events),
            next_token,
        })
    }
}
