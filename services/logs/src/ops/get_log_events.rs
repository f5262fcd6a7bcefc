//! logs:GetLogEvents — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html>

use api_logs::op::GetLogEvents;
use api_logs::{GetLogEventsRequest, GetLogEventsResponse, OutputLogEvent};
use roadstead_kernel::prelude::*;

use crate::Logs;
use crate::arn::named_group;
use crate::cursor::{Cursor, Way};
use crate::error::{invalid, invalid_token};
use crate::lane::Lane;
use crate::listing::page_size;
use crate::position::Position;
use crate::records::Event;

/// The most events of a page.
const MAX_EVENTS: usize = 10_000;
/// The most bytes of a page, 26 counted for each event.
const MAX_BYTES: usize = 1_048_576;

impl Handle<GetLogEvents> for Logs {
    async fn needs(&self, cx: &Cx, input: &GetLogEventsRequest) -> Result<Needs> {
        self.needs_on_stream(cx, &group_of(cx, input)?, &input.log_stream_name)
            .await
    }

    async fn handle(&self, cx: &Cx, input: GetLogEventsRequest) -> Reply<GetLogEvents> {
        let place = cx.place();
        let name = group_of(cx, &input)?;
        if let (Some(start), Some(end)) = (input.start_time, input.end_time)
            && start > end
        {
            return Err(invalid("startTime must be less than or equal to endTime."));
        }
        let group = self.group(place, &name).await?.record;
        let stream = self.stream(place, &name, &input.log_stream_name).await?.record;
        let token = input
            .next_token
            .as_deref()
            .map(|token| Token::parse(token, &stream.uid))
            .transpose()?;
        let low = Position::from(input.start_time.unwrap_or(0).max(group.expired_before(cx.now())));
        let high = input.end_time.map_or(Position::LAST, Position::from);
        let forward = token
            .as_ref()
            .map_or(input.start_from_head.unwrap_or_default(), |token| token.forward);
        let way = match &token {
            Some(token) if forward => Way::From(token.at.next().max(low)),
            Some(token) => Way::Before(token.at.min(high)),
            None if forward => Way::From(low),
            None => Way::Before(high),
        };
        let lane = Lane::new(place, &group.uid, &stream.uid);
        let cursor = Cursor::begin(&self.store, lane, way).await?;
        let events = page(cursor, forward, low, high, page_size(input.limit, MAX_EVENTS)).await?;
        // Tokens of an empty page stay where they are, and turning round gives the last events again.
        let (ahead, back) = match (events.first(), events.last(), token) {
            (Some(first), Some(last), _) => (last.position, first.position),
            (_, _, Some(token)) if forward => (token.at, token.at.next()),
            (_, _, Some(token)) => (token.at.previous(), token.at),
            (_, _, None) => (low.previous(), low),
        };
        Ok(GetLogEventsResponse {
            events: Some(events.into_iter().map(|event| to_api(&stream.uid, event)).collect()),
            next_forward_token: Some(format!("f/{}/s", ahead.digits(&stream.uid))),
            next_backward_token: Some(format!("b/{}/s", back.digits(&stream.uid))),
        })
    }
}

fn group_of(cx: &Cx, input: &GetLogEventsRequest) -> Result<String> {
    named_group(
        cx.place(),
        input.log_group_name.as_deref(),
        input.log_group_identifier.as_deref(),
    )
}

/// The events of a page, earliest first.
async fn page(mut cursor: Cursor, forward: bool, low: Position, high: Position, limit: usize) -> Result<Vec<Event>> {
    let (mut events, mut bytes) = (Vec::new(), 0);
    while events.len() < limit {
        let Some(event) = cursor.next().await? else { break };
        bytes += event.size();
        let inside = low <= event.position && event.position < high;
        if !inside || (bytes > MAX_BYTES && !events.is_empty()) {
            break;
        }
        events.push(event);
    }
    if !forward {
        events.reverse();
    }
    Ok(events)
}

fn to_api(stream: &str, event: Event) -> OutputLogEvent {
    OutputLogEvent {
        event_id: Some(event.position.digits(stream)),
        timestamp: Some(event.position.at),
        message: Some(event.message),
        ingestion_time: Some(event.ingested),
    }
}

/// A token: `f/<digits>/s` for what comes after a place, `b/<digits>/s` for what comes before.
struct Token {
    forward: bool,
    at: Position,
}

impl Token {
    fn parse(text: &str, stream: &str) -> Result<Self> {
        let (forward, rest) = match (text.strip_prefix("f/"), text.strip_prefix("b/")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            (None, None) => return Err(invalid_token()),
        };
        let at = rest
            .strip_suffix("/s")
            .and_then(|digits| Position::parse(digits, stream));
        Ok(Self {
            forward,
            at: at.ok_or_else(invalid_token)?,
        })
    }
}
