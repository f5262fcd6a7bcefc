//! Writing events: a batch is appended to its stream's journal, and the journal is folded into leaves when it has grown.

use std::sync::Arc;

use api_logs::{InputLogEvent, RejectedLogEventsInfo};
use bytes::Bytes;
use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_kernel::{Context, Result};
use roadstead_store::{Entry, Range, Store, Txn};

use crate::error::busy;
use crate::intake::sort_out;
use crate::lane::{Lane, first_of_leaf};
use crate::position::Position;
use crate::records::{Event, Stream, pack, size_of, unpack};
use crate::{Logs, MAX_RETRIES, scope};

/// The size that leaves are cut to; an event that is larger has one for itself.
const LEAF_BYTES: usize = 65_536;
/// The size that runs are cut to, so that what remains of one can be written again beside leaves.
const RUN_BYTES: usize = 262_144;
/// A journal of so many runs is folded.
const FOLD_RUNS: u32 = 32;
/// A journal of so many bytes is folded.
const FOLD_BYTES: u64 = 131_072;
/// The most runs that one step folds.
const STEP_RUNS: usize = 60;
/// The most leaves that one step writes, after the first ones.
const STEP_LEAVES: usize = 30;
/// The most bytes that one step writes, after the first leaves; below what a transaction may hold.
const STEP_BYTES: usize = 1_300_000;
/// The most steps of one call: enough for a batch of the largest size over a day of a busy stream.
const MAX_STEPS: usize = 64;

/// The answer to a batch.
pub struct Appended {
    /// The next sequence token.
    pub token: String,
    /// What is told of events that were not taken.
    pub rejected: Option<RejectedLogEventsInfo>,
}

impl Logs {
    /// Appends a checked batch to a stream: all accepted events durably in one transaction, or none.
    pub(crate) async fn append(
        &self,
        place: Place,
        (group_name, stream_name): (&str, &str),
        batch: &[InputLogEvent],
        now: Timestamp,
    ) -> Result<Appended> {
        let _turn = self.turn(group_name, stream_name).await;
        for _ in 0..MAX_RETRIES {
            let group = self.group(place, group_name).await?.record;
            let found = self.stream(place, group_name, stream_name).await?;
            let kept = sort_out(batch, now, group.expired_before(now));
            let Some(accepted) = batch.get(kept.events).filter(|accepted| !accepted.is_empty()) else {
                return Ok(Appended {
                    token: found.record.sequence_token(),
                    rejected: kept.rejected,
                });
            };
            let mut stream = found.record;
            let events = number(accepted, &mut stream, now);
            let lane = Lane::new(place, &group.uid, &stream.uid);
            let mut txn = Txn::new();
            for run in cut(events, RUN_BYTES) {
                let first = run.first().map_or(0, |event| event.position.number);
                stream.journal_runs = stream.journal_runs.saturating_add(1);
                stream.journal_bytes = stream.journal_bytes.saturating_add(size_of(&run) as u64);
                txn = txn.put(lane.run_key(first), pack(&run));
            }
            let fold = stream.journal_runs >= FOLD_RUNS || stream.journal_bytes >= FOLD_BYTES;
            if fold {
                (stream.journal_runs, stream.journal_bytes) = (0, 0);
            }
            let id = [group_name, stream_name];
            self.streams
                .stage_replace(&mut txn, scope(&place), &id, found.revision, &stream)?;
            match self.store.commit(txn).await {
                Ok(_) => {}
                Err(error) if error.is_conflict() => continue,
                Err(error) => return Err(error).context("writing log events"),
            }
            self.live.tell(place, &group, &stream.name, accepted, now);
            // The events are durable already: a fold that fails is made up for by the next one.
            if fold && let Err(fault) = fold_journal(&self.store, &lane, stream.next_number).await {
                tracing::warn!(%fault, group = group_name, stream = stream_name, "a journal of log events was not folded");
            }
            return Ok(Appended {
                token: stream.sequence_token(),
                rejected: kept.rejected,
            });
        }
        Err(busy())
    }
}

/// Gives events their numbers and counts them in the stream's record.
fn number(accepted: &[InputLogEvent], stream: &mut Stream, now: Timestamp) -> Vec<Event> {
    let mut events = Vec::with_capacity(accepted.len());
    for input in accepted {
        let position = Position {
            at: input.timestamp,
            number: stream.next_number,
        };
        stream.next_number += 1;
        events.push(Event {
            position,
            ingested: now.millis(),
            message: input.message.clone(),
        });
    }
    let times = accepted
        .first()
        .zip(accepted.last())
        .map(|(first, last)| (first.timestamp, last.timestamp));
    if let Some((first, last)) = times {
        stream.first_event = Some(stream.first_event.map_or(first, |before| before.min(first)));
        stream.last_event = Some(stream.last_event.map_or(last, |before| before.max(last)));
    }
    stream.last_ingestion = Some(now);
    stream.bytes = stream.bytes.saturating_add(size_of(&events) as u64);
    events
}

/// Cuts events into parts of at most `limit` bytes; what is larger alone stands alone.
fn cut(events: Vec<Event>, limit: usize) -> Vec<Vec<Event>> {
    let mut parts = Vec::new();
    let (mut part, mut size) = (Vec::new(), 0);
    for event in events {
        if !part.is_empty() && size + event.size() > limit {
            parts.push(std::mem::take(&mut part));
            size = 0;
        }
        size += event.size();
        part.push(event);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// Moves the runs whose events have numbers below `below` from the journal into leaves, in as many steps as it takes.
///
/// A crash between two steps loses nothing: each moves events in one transaction, and readers see both places.
pub async fn fold_journal(store: &Arc<dyn Store>, lane: &Lane, below: u64) -> Result<()> {
    for _ in 0..MAX_STEPS {
        match fold_step(store, lane, below).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            // Another process folds the same journal, or the stream is gone.
            Err(fault) if fault.is_conflict() => return Ok(()),
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

/// Folds the oldest runs as far as one transaction can hold it; whether there was anything to do.
async fn fold_step(store: &Arc<dyn Store>, lane: &Lane, below: u64) -> Result<bool> {
    let range = Range::prefix(lane.journal())
        .before(lane.run_key(below))
        .limit(STEP_RUNS);
    let (runs, _) = store.range(range).await?;
    let (runs, mut rest) = oldest(runs)?;
    let Some(first_run) = runs.first() else {
        return Ok(false);
    };
    let mut txn = Txn::new();
    for run in &runs {
        txn = txn.at(run.key.clone(), run.modified);
    }
    let (mut written, mut leaves) = (0, 0);
    while let Some(first) = rest.first().map(|event| event.position) {
        let leaf = last_leaf_before(store, lane, first).await?;
        let end = first_leaf_after(store, lane, first).await?;
        let split = rest.partition_point(|event| event.position < end);
        let old = leaf
            .as_ref()
            .map(|leaf| unpack(&leaf.value))
            .transpose()?
            .unwrap_or_default();
        let bytes = size_of(&old) + size_of(&rest);
        if leaves > 0 && (leaves >= STEP_LEAVES || written + bytes > STEP_BYTES) {
            break;
        }
        let after = rest.split_off(split);
        let mut merged = old;
        merged.append(&mut rest);
        merged.sort_unstable_by_key(|event| event.position);
        rest = after;
        let mut grown = leaf;
        for part in cut(merged, LEAF_BYTES) {
            let Some(begins) = part.first().map(|event| event.position) else {
                continue;
            };
            let packed = pack(&part);
            let same = |leaf: &Entry| leaf.value == packed;
            // The leaf that was there keeps its key, which is the place of its first event.
            txn = match grown.take() {
                Some(leaf) if same(&leaf) => continue,
                Some(leaf) => txn.at(leaf.key.clone(), leaf.modified).put(leaf.key, packed),
                None => txn.absent(lane.leaf_key(begins)).put(lane.leaf_key(begins), packed),
            };
            written += size_of(&part);
            leaves += 1;
        }
    }
    let mut done = runs.iter();
    if !rest.is_empty() {
        done.next();
        txn = txn.put(first_run.key.clone(), pack(&rest));
    }
    for run in done {
        txn = txn.delete(run.key.clone());
    }
    store.commit(txn).await?;
    Ok(true)
}

/// As many of the runs as a step takes, and their events in order.
fn oldest(runs: Vec<Entry>) -> Result<(Vec<Entry>, Vec<Event>)> {
    let (mut taken, mut events) = (Vec::new(), Vec::new());
    let mut size = 0;
    for run in runs {
        size += run.value.len();
        if !taken.is_empty() && size > RUN_BYTES {
            break;
        }
        events.extend(unpack(&run.value)?);
        taken.push(run);
    }
    events.sort_unstable_by_key(|event| event.position);
    Ok((taken, events))
}

async fn last_leaf_before(store: &Arc<dyn Store>, lane: &Lane, position: Position) -> Result<Option<Entry>> {
    let range = Range::prefix(lane.leaves())
        .before(lane.leaf_key(position))
        .reverse()
        .limit(1);
    Ok(store.range(range).await?.0.into_iter().next())
}

async fn first_leaf_after(store: &Arc<dyn Store>, lane: &Lane, position: Position) -> Result<Position> {
    let key: Bytes = lane.leaf_key(position);
    let (found, _) = store.range(Range::prefix(lane.leaves()).after(&key).limit(1)).await?;
    Ok(found
        .first()
        .and_then(|leaf| first_of_leaf(&leaf.key))
        .unwrap_or(Position::LAST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::{Cursor, Way};
    use roadstead_core::{AccountId, Region};
    use roadstead_store::Memory;

    fn event(at: i64, number: u64, length: usize) -> Event {
        let position = Position { at, number };
        Event {
            position,
            ingested: 0,
            message: "m".repeat(length),
        }
    }

    async fn put_run(store: &Arc<dyn Store>, lane: &Lane, events: &[Event]) {
        let txn = Txn::new().put(lane.run_key(events[0].position.number), pack(events));
        store.commit(txn).await.unwrap();
    }

    async fn read(store: &Arc<dyn Store>, lane: &Lane, way: Way) -> Vec<Position> {
        let mut cursor = Cursor::begin(store, lane.clone(), way).await.unwrap();
        let mut positions = Vec::new();
        while let Some(event) = cursor.next().await.unwrap() {
            positions.push(event.position);
        }
        positions
    }

    async fn records(store: &Arc<dyn Store>, prefix: Bytes) -> Vec<Entry> {
        store.range(Range::prefix(prefix)).await.unwrap().0
    }

    #[tokio::test]
    async fn a_fold_that_stops_after_any_step_shows_every_event_once() {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let place = Place {
            account: AccountId::parse("123456789012").unwrap(),
            region: Region::US_EAST_1,
        };
        let lane = Lane::new(place, "group", "stream");
        let mut expected = Vec::new();
        for n in 0..100 {
            let run: Vec<Event> = (0..30)
                .map(|m| event(n * 3000 + m * 100, n.cast_unsigned() * 30 + m.cast_unsigned() + 1, 2000))
                .collect();
            expected.extend(run.iter().map(|event| event.position));
            put_run(&store, &lane, &run).await;
            fold_journal(&store, &lane, u64::MAX).await.unwrap();
        }
        // Late events, some in each of the leaves: more than one step can write.
        let stragglers: Vec<Event> = (0..3000)
            .map(|n| event(n * 100 + 50, 10_000 + n.cast_unsigned(), 40))
            .collect();
        expected.extend(stragglers.iter().map(|event| event.position));
        expected.sort_unstable();
        put_run(&store, &lane, &stragglers).await;
        let mut steps = 0;
        while fold_step(&store, &lane, u64::MAX).await.unwrap() {
            steps += 1;
            assert_eq!(
                read(&store, &lane, Way::From(Position::FIRST)).await,
                expected,
                "after step {steps}"
            );
            let mut back = read(&store, &lane, Way::Before(Position::LAST)).await;
            back.reverse();
            assert_eq!(back, expected, "after step {steps}");
        }
        assert!(steps > 2, "{steps}");
        assert!(records(&store, lane.journal()).await.is_empty());
    }

    #[tokio::test]
    async fn leaves_do_not_overlap_and_begin_at_their_keys() {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let place = Place {
            account: AccountId::parse("123456789012").unwrap(),
            region: Region::US_EAST_1,
        };
        let lane = Lane::new(place, "group", "stream");
        // Times from the latest to the earliest, small events and ones larger than a leaf.
        for n in 0..200_i64 {
            let length = if n % 7 == 0 { LEAF_BYTES * 2 } else { 900 };
            put_run(
                &store,
                &lane,
                &[event((n * 7919) % 1000, n.cast_unsigned() + 1, length)],
            )
            .await;
            if n % 5 == 0 {
                fold_journal(&store, &lane, u64::MAX).await.unwrap();
            }
        }
        let mut before = Position::FIRST;
        for leaf in records(&store, lane.leaves()).await {
            let events = unpack(&leaf.value).unwrap();
            assert_eq!(first_of_leaf(&leaf.key), Some(events[0].position));
            assert!(events.len() == 1 || size_of(&events) <= LEAF_BYTES);
            for event in events {
                assert!(event.position > before);
                before = event.position;
            }
        }
        assert_eq!(read(&store, &lane, Way::From(Position::FIRST)).await.len(), 200);
    }

    #[tokio::test]
    async fn a_fold_under_a_walk_repeats_nothing_and_hides_nothing() {
        for way in [Way::From(Position::FIRST), Way::Before(Position::LAST)] {
            let store: Arc<dyn Store> = Arc::new(Memory::new());
            let place = Place {
                account: AccountId::parse("123456789012").unwrap(),
                region: Region::US_EAST_1,
            };
            let lane = Lane::new(place, "group", "stream");
            put_run(&store, &lane, &[event(1, 1, 9), event(2, 2, 9), event(3, 3, 9)]).await;
            let mut cursor = Cursor::begin(&store, lane.clone(), way).await.unwrap();
            fold_journal(&store, &lane, u64::MAX).await.unwrap();
            assert!(records(&store, lane.journal()).await.is_empty());
            let mut numbers = Vec::new();
            while let Some(event) = cursor.next().await.unwrap() {
                numbers.push(event.position.number);
            }
            numbers.sort_unstable();
            assert_eq!(numbers, [1, 2, 3]);
        }
    }
}
