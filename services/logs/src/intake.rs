//! What `PutLogEvents` accepts: limits of a batch, and which of its events are too old or too new.

use std::ops::Range;

use api_logs::{InputLogEvent, RejectedLogEventsInfo};
use roadstead_core::Timestamp;
use roadstead_kernel::Result;

use crate::error::invalid;
use crate::records::OVERHEAD;

/// The most bytes of a batch, 26 counted for each event.
pub const MAX_BATCH_BYTES: usize = 1_048_576;
const DAY_MILLIS: i64 = 86_400_000;
/// The most time between the first and the last event of a batch.
const MAX_SPAN: i64 = DAY_MILLIS;
/// How old events may be.
const MAX_AGE: i64 = 14 * DAY_MILLIS;
/// How far in the future events may be.
const MAX_AHEAD: i64 = 2 * 3_600_000;

/// Which events of a batch are kept.
#[derive(Debug, PartialEq)]
pub struct Kept {
    /// Their indexes.
    pub events: Range<usize>,
    /// What is told of the others, if there are any.
    pub rejected: Option<RejectedLogEventsInfo>,
}

/// Checks a batch as a whole. Errors: `InvalidParameterException`.
pub fn check(events: &[InputLogEvent]) -> Result<()> {
    let bytes: usize = events.iter().map(|event| event.message.len() + OVERHEAD).sum();
    if bytes > MAX_BATCH_BYTES {
        return Err(invalid(format!(
            "Upload too large: {bytes} bytes exceeds limit of {MAX_BATCH_BYTES}"
        )));
    }
    if !events.is_sorted_by_key(|event| event.timestamp) {
        return Err(invalid(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    let span = events
        .first()
        .zip(events.last())
        .map_or(0, |(first, last)| last.timestamp.saturating_sub(first.timestamp));
    if span > MAX_SPAN {
        return Err(invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ));
    }
    Ok(())
}

/// Sorts out the events that are too old, expired, or too new; the batch is in chronological order.
pub fn sort_out(events: &[InputLogEvent], now: Timestamp, expired_before: i64) -> Kept {
    let before = |at: i64| events.partition_point(|event| event.timestamp < at);
    let too_old = before(now.millis().saturating_sub(MAX_AGE));
    let expired = before(expired_before);
    let too_new = before(now.millis().saturating_add(MAX_AHEAD).saturating_add(1));
    let end = |index: usize| (index > 0).then(|| i32::try_from(index).unwrap_or(i32::MAX));
    // AWS: the start is the index of the first rejected one, the ends those after the last.
    let rejected = RejectedLogEventsInfo {
        too_new_log_event_start_index: (too_new < events.len()).then(|| i32::try_from(too_new).unwrap_or(i32::MAX)),
        too_old_log_event_end_index: end(too_old),
        expired_log_event_end_index: end(expired),
    };
    let start = too_old.max(expired).min(too_new);
    Kept {
        events: start..too_new,
        rejected: (rejected != RejectedLogEventsInfo::default()).then_some(rejected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(times: &[i64]) -> Vec<InputLogEvent> {
        times
            .iter()
            .map(|at| InputLogEvent {
                timestamp: *at,
                message: "m".to_owned(),
            })
            .collect()
    }

    fn refusal(batch: &[InputLogEvent]) -> Option<String> {
        check(batch).err().map(|fault| fault.api().unwrap().message.clone())
    }

    #[test]
    fn a_batch_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() {
        let mut batch = vec![InputLogEvent {
            timestamp: 1,
            message: "x".repeat(MAX_BATCH_BYTES - OVERHEAD),
        }];
        assert_eq!(refusal(&batch), None);
        batch[0].message.push('x');
        assert_eq!(
            refusal(&batch).unwrap(),
            "Upload too large: 1048577 bytes exceeds limit of 1048576"
        );
    }

    #[test]
    fn a_batch_is_in_order_and_spans_a_day_at_most() {
        assert_eq!(refusal(&events(&[1, 1, DAY_MILLIS + 1])), None);
        assert!(refusal(&events(&[2, 1])).unwrap().contains("chronological order"));
        assert!(refusal(&events(&[1, DAY_MILLIS + 2])).unwrap().contains("24 hours"));
    }

    #[test]
    fn events_too_old_and_too_new_are_told_by_index() {
        let now = 20 * DAY_MILLIS;
        let batch = events(&[now - MAX_AGE - 1, now - MAX_AGE, now + MAX_AHEAD, now + MAX_AHEAD + 1]);
        let kept = sort_out(&batch, Timestamp::from_millis(now), 0);
        assert_eq!(kept.events, 1..3);
        let rejected = kept.rejected.unwrap();
        assert_eq!(rejected.too_old_log_event_end_index, Some(1));
        assert_eq!(rejected.too_new_log_event_start_index, Some(3));
        assert_eq!(rejected.expired_log_event_end_index, None);
    }

    #[test]
    fn events_beyond_the_retention_are_expired() {
        let now = 20 * DAY_MILLIS;
        let kept = sort_out(
            &events(&[now - 2 * DAY_MILLIS, now]),
            Timestamp::from_millis(now),
            now - DAY_MILLIS,
        );
        assert_eq!(kept.events, 1..2);
        assert_eq!(kept.rejected.unwrap().expired_log_event_end_index, Some(1));
        assert_eq!(sort_out(&events(&[now]), Timestamp::from_millis(now), 0).rejected, None);
    }
}
