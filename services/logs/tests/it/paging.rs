//! Whatever is put in whatever batches comes out in order and exactly once, through pages of any size.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::bed::{Bed, NOW};

/// A batch: its stream, its first time, the gaps between its events, the length of their text.
type Batch = (usize, i64, Vec<i64>, usize);

const STREAMS: [&str; 3] = ["s/a", "s/b", "s/c"];

fn batch() -> impl Strategy<Value = Batch> {
    (
        0..3_usize,
        -1000..1000_i64,
        prop::collection::vec(0..40_i64, 1..40),
        prop_oneof![0..60_usize, 3000..9000_usize],
    )
}

/// Events as they should come out: by stream, ordered by time and arrival.
type Expected = BTreeMap<&'static str, Vec<(i64, u64, String)>>;

async fn fill(bed: &Bed, batches: &[Batch]) -> Expected {
    bed.group("g").await;
    for stream in STREAMS {
        bed.stream("g", stream).await;
    }
    let mut expected = Expected::new();
    let mut number = 0_u64;
    for (stream, start, gaps, length) in batches {
        let mut at = NOW + start * 1000;
        let mut events = Vec::new();
        for gap in gaps {
            at += gap;
            number += 1;
            events.push((at, number, format!("{number} {}", "x".repeat(*length))));
        }
        let input: Vec<(i64, &str)> = events.iter().map(|(at, _, message)| (*at, message.as_str())).collect();
        bed.put("g", STREAMS[*stream], &input).await;
        expected.entry(STREAMS[*stream]).or_default().extend(events);
    }
    for events in expected.values_mut() {
        events.sort();
    }
    expected
}

fn taken(answer: &Value) -> Vec<(i64, String)> {
    let events = answer["events"].as_array().unwrap().iter();
    events
        .map(|e| {
            (
                e["timestamp"].as_i64().unwrap(),
                e["message"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

/// All events of a stream through pages in one direction.
async fn walk(bed: &Bed, stream: &str, limit: usize, forward: bool) -> Vec<(i64, String)> {
    let token_name = if forward {
        "nextForwardToken"
    } else {
        "nextBackwardToken"
    };
    let mut input = json!({ "logGroupName": "g", "logStreamName": stream, "limit": limit, "startFromHead": forward });
    let mut all = Vec::new();
    loop {
        let answer = bed.ok("GetLogEvents", input.clone()).await;
        let mut events = taken(&answer);
        if input["nextToken"] == answer[token_name] {
            assert!(events.is_empty());
            return all;
        }
        if forward {
            all.append(&mut events);
        } else {
            events.append(&mut all);
            all = events;
        }
        input["nextToken"] = answer[token_name].clone();
    }
}

async fn search(bed: &Bed, limit: usize) -> Vec<(i64, String)> {
    let mut input = json!({ "logGroupName": "g", "limit": limit });
    let mut all = Vec::new();
    loop {
        let answer = bed.ok("FilterLogEvents", input.clone()).await;
        all.extend(taken(&answer));
        match answer.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => return all,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn everything_comes_out_in_order_and_once(
        batches in prop::collection::vec(batch(), 1..60),
        limit in prop_oneof![1..7_usize, 50..2000_usize],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bed = Bed::new();
            let expected = fill(&bed, &batches).await;
            for (stream, events) in &expected {
                let plain: Vec<(i64, String)> = events.iter().map(|(at, _, text)| (*at, text.clone())).collect();
                assert_eq!(walk(&bed, stream, limit.max(plain.len() / 20), true).await, plain);
                assert_eq!(walk(&bed, stream, limit.max(plain.len() / 20), false).await, plain);
            }
            let mut all: Vec<(i64, &str, u64, String)> = Vec::new();
            for (stream, events) in expected {
                all.extend(events.into_iter().map(|(at, number, text)| (at, stream, number, text)));
            }
            all.sort();
            let all: Vec<(i64, String)> = all.into_iter().map(|(at, _, _, text)| (at, text)).collect();
            assert_eq!(search(&bed, limit.max(all.len() / 20)).await, all);
        });
    }
}

/// Late batches that touch more leaves than one transaction may write.
#[tokio::test]
async fn a_batch_spread_over_a_day_of_a_full_stream_goes_in_as_one() {
    let bed = Bed::new();
    bed.group("g").await;
    bed.stream("g", "s").await;
    let mut expected = Vec::new();
    let line = "y".repeat(6000);
    for batch in 0..40_i64 {
        let start = NOW - 80_000_000 + batch * 2_000_000;
        let events: Vec<(i64, String)> = (0..150)
            .map(|n| (start + n * 10_000, format!("{batch} {n} {line}")))
            .collect();
        let input: Vec<(i64, &str)> = events.iter().map(|(at, message)| (*at, message.as_str())).collect();
        bed.put("g", "s", &input).await;
        expected.extend(events);
    }
    let late: Vec<(i64, String)> = (0..9000)
        .map(|n| (NOW - 80_000_000 + n * 8_888, format!("late {n} {}", "z".repeat(60))))
        .collect();
    let input: Vec<(i64, &str)> = late.iter().map(|(at, message)| (*at, message.as_str())).collect();
    bed.put("g", "s", &input).await;
    expected.extend(late);
    expected.sort_by_key(|(at, _)| *at);
    assert_eq!(walk(&bed, "s", 10_000, true).await, expected);
    assert_eq!(walk(&bed, "s", 10_000, false).await, expected);
}

/// A reader that follows a writer meets every fold of the journal at some moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_follows_a_writer_misses_nothing_and_repeats_nothing() {
    const EVENTS: i64 = 3000;
    let bed = std::sync::Arc::new(Bed::new());
    bed.group("g").await;
    bed.stream("g", "s").await;
    let writer = tokio::spawn({
        let bed = std::sync::Arc::clone(&bed);
        async move {
            for n in 0..EVENTS {
                bed.put("g", "s", &[(NOW + n, &format!("{n} {}", "x".repeat(100)))])
                    .await;
            }
        }
    });
    let mut input = json!({ "logGroupName": "g", "logStreamName": "s", "startFromHead": true });
    let mut times = Vec::new();
    while times.len() < usize::try_from(EVENTS).unwrap() {
        let answer = bed.ok("GetLogEvents", input.clone()).await;
        times.extend(taken(&answer).into_iter().map(|(at, _)| at - NOW));
        input["nextToken"] = answer["nextForwardToken"].clone();
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
    assert_eq!(times, (0..EVENTS).collect::<Vec<_>>());
}
