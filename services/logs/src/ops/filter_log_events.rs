//! logs:FilterLogEvents — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>

use api_logs::op::FilterLogEvents;
use api_logs::{FilterLogEventsRequest, FilterLogEventsResponse, FilteredLogEvent};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::Logs;
use crate::arn::named_group;
use crate::error::{invalid, invalid_token};
use crate::listing::{after, page_size};
use crate::pattern::Pattern;
use crate::records::{Event, Group, Stream};
use crate::search::{Place, Search};

/// The most events of a page.
const MAX_EVENTS: usize = 10_000;
/// The most bytes of a page, 26 counted for each event.
const MAX_BYTES: usize = 1_048_576;
/// After so many bytes looked at, a page ends even if it is empty, so that no call takes long.
const MAX_SEARCHED: usize = 33_554_432;

impl Handle<FilterLogEvents> for Logs {
    async fn needs(&self, cx: &Cx, input: &FilterLogEventsRequest) -> Result<Needs> {
        self.needs_on_group(cx, &group_of(cx, input)?).await
    }

    async fn handle(&self, cx: &Cx, input: FilterLogEventsRequest) -> Reply<FilterLogEvents> {
        let place = cx.place();
        let name = group_of(cx, &input)?;
        if input.log_stream_names.is_some() && input.log_stream_name_prefix.is_some() {
            return Err(invalid(
                "Only one of logStreamNames and logStreamNamePrefix may be specified.",
            ));
        }
        if let (Some(start), Some(end)) = (input.start_time, input.end_time)
            && start > end
        {
            return Err(invalid("startTime must be less than or equal to endTime."));
        }
        let pattern = Pattern::parse(input.filter_pattern.as_deref().unwrap_or_default())?;
        let group = self.group(place, &name).await?.record;
        let filters = format!(
            "FilterLogEvents {} {:?} {:?} {:?} {:?} {:?}",
            group.uid,
            input.log_stream_names,
            input.log_stream_name_prefix,
            input.start_time,
            input.end_time,
            input.filter_pattern
        );
        let begun = after(&filters, input.next_token.as_deref())?;
        let begun = begun
            .map(|key| Place::parse(&key).ok_or_else(invalid_token))
            .transpose()?;
        let streams = self.searched(cx, &group, &input).await?;
        let low = input.start_time.unwrap_or(0).max(group.expired_before(cx.now()));
        let high = input.end_time.unwrap_or(i64::MAX);
        let mut search = Search::new(&self.store, place, &group.uid, streams, (low, high), begun.as_ref());
        let limit = page_size(input.limit, MAX_EVENTS);
        let (mut events, mut bytes, mut searched, mut last) = (Vec::new(), 0, 0, None);
        while events.len() < limit && bytes < MAX_BYTES && searched < MAX_SEARCHED {
            let Some((stream, event)) = search.next().await? else {
                break;
            };
            searched += event.size();
            last = Some(Place::of(&stream.name, event.position));
            if pattern.matches(&event.message) {
                bytes += event.size();
                events.push(to_api(&stream, event));
            }
        }
        let more = search.has_more().await?;
        Ok(FilterLogEventsResponse {
            events: Some(events),
            // AWS: always empty since June 2020.
            searched_log_streams: Some(Vec::new()),
            next_token: last.filter(|_| more).map(|last| paging::token(&filters, &last.key())),
        })
    }
}

fn group_of(cx: &Cx, input: &FilterLogEventsRequest) -> Result<String> {
    named_group(
        cx.place(),
        input.log_group_name.as_deref(),
        input.log_group_identifier.as_deref(),
    )
}

impl Logs {
    /// The streams that a call searches. Errors: `ResourceNotFoundException` where one that it names is missing.
    async fn searched(&self, cx: &Cx, group: &Group, input: &FilterLogEventsRequest) -> Result<Vec<Stream>> {
        let Some(names) = &input.log_stream_names else {
            let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
            let all = self
                .list_streams(cx.place(), (&group.name, prefix), None, false, usize::MAX)
                .await?;
            return Ok(all.records);
        };
        let mut streams: Vec<Stream> = Vec::new();
        for name in names {
            let stream = self.stream(cx.place(), &group.name, name).await?.record;
            if !streams.iter().any(|known| known.name == stream.name) {
                streams.push(stream);
            }
        }
        Ok(streams)
    }
}

fn to_api(stream: &Stream, event: Event) -> FilteredLogEvent {
    FilteredLogEvent {
        log_stream_name: Some(stream.name.clone()),
        timestamp: Some(event.position.at),
        ingestion_time: Some(event.ingested),
        event_id: Some(event.position.digits(&stream.uid)),
        message: Some(event.message),
    }
}
