//! logs:DescribeLogStreams — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html>

use api_logs::op::DescribeLogStreams;
use api_logs::{DescribeLogStreamsRequest, DescribeLogStreamsResponse, OrderBy};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::Logs;
use crate::arn::named_group;
use crate::error::{invalid, invalid_token};
use crate::listing::{Listed, MAX_PAGE, after, page_size};
use crate::records::Stream;

impl Handle<DescribeLogStreams> for Logs {
    async fn needs(&self, cx: &Cx, input: &DescribeLogStreamsRequest) -> Result<Needs> {
        self.needs_on_group(cx, &group_of(cx, input)?).await
    }

    async fn handle(&self, cx: &Cx, input: DescribeLogStreamsRequest) -> Reply<DescribeLogStreams> {
        let (place, name) = (cx.place(), group_of(cx, &input)?);
        let by_time = input.order_by == Some(OrderBy::LastEventTime);
        let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
        if by_time && input.log_stream_name_prefix.is_some() {
            return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
        }
        let descending = input.descending.unwrap_or_default();
        let group = self.group(place, &name).await?.record;
        let filters = format!("DescribeLogStreams {} {prefix:?} {by_time} {descending}", group.uid);
        let after = after(&filters, input.next_token.as_deref())?;
        let limit = page_size(input.limit, MAX_PAGE);
        let listed = if by_time {
            let all = self.list_streams(place, (&name, ""), None, false, usize::MAX).await?;
            by_last_event(all.records, after.as_deref(), descending, limit)?
        } else {
            self.list_streams(place, (&name, prefix), after.as_deref(), descending, limit)
                .await?
        };
        Ok(DescribeLogStreamsResponse {
            log_streams: Some(
                listed
                    .records
                    .iter()
                    .map(|stream| stream.to_api(place, &name))
                    .collect(),
            ),
            next_token: listed.next.map(|key| paging::token(&filters, &key)),
        })
    }
}

fn group_of(cx: &Cx, input: &DescribeLogStreamsRequest) -> Result<String> {
    named_group(
        cx.place(),
        input.log_group_name.as_deref(),
        input.log_group_identifier.as_deref(),
    )
}

/// A page of streams in the order of their last events, those without events as if theirs were the oldest.
fn by_last_event(
    mut streams: Vec<Stream>,
    after: Option<&str>,
    descending: bool,
    limit: usize,
) -> Result<Listed<Stream>> {
    let after = after.map(|key| {
        key.split_once(' ')
            .and_then(|(at, name)| Some((at.parse::<i64>().ok()?, name)))
    });
    let after = after.map(|after| after.ok_or_else(invalid_token)).transpose()?;
    let key = |stream: &Stream| stream.last_event.unwrap_or(-1);
    streams.sort_unstable_by(|a, b| {
        let order = (key(a), &a.name).cmp(&(key(b), &b.name));
        if descending { order.reverse() } else { order }
    });
    let mut left = streams.into_iter().skip_while(|stream| {
        let this = (key(stream), stream.name.as_str());
        after.is_some_and(|after| if descending { this >= after } else { this <= after })
    });
    let records: Vec<Stream> = left.by_ref().take(limit).collect();
    let last = records.last().map(|stream| format!("{} {}", key(stream), stream.name));
    Ok(Listed {
        next: left.next().and(last),
        records,
    })
}
