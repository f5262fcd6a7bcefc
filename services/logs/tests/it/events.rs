//! Putting events and getting them back.

use roadstead_store::Range;
use serde_json::{Value, json};

use crate::bed::{Bed, DAY, NOW};

async fn bed() -> Bed {
    let bed = Bed::new();
    bed.group("g").await;
    bed.stream("g", "s").await;
    bed
}

async fn get(bed: &Bed, more: Value) -> Value {
    let mut input = json!({ "logGroupName": "g", "logStreamName": "s" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    bed.ok("GetLogEvents", input).await
}

fn messages(answer: &Value) -> Vec<&str> {
    answer["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["message"].as_str().unwrap())
        .collect()
}

fn check_token(token: &Value, way: char) {
    let digits = token
        .as_str()
        .unwrap()
        .strip_prefix(way)
        .unwrap()
        .strip_prefix('/')
        .unwrap()
        .strip_suffix("/s")
        .unwrap();
    assert!(
        digits.len() == 56 && digits.bytes().all(|digit| digit.is_ascii_digit()),
        "{token}"
    );
}

#[tokio::test]
async fn events_come_back_in_the_order_of_time_then_of_arrival() {
    let bed = bed().await;
    bed.put("g", "s", &[(NOW + 2, "c"), (NOW + 2, "d")]).await;
    bed.put("g", "s", &[(NOW + 1, "b"), (NOW + 2, "e")]).await;
    bed.advance(9);
    bed.put("g", "s", &[(NOW, "a")]).await;
    let answer = get(&bed, json!({})).await;
    assert_eq!(messages(&answer), ["a", "b", "c", "d", "e"]);
    let mut first = answer["events"][0].clone();
    let id = first.as_object_mut().unwrap().remove("eventId").unwrap();
    let expected = json!({ "timestamp": NOW, "message": "a", "ingestionTime": NOW + 9 });
    assert_eq!(first, expected);
    let filtered = bed.ok("FilterLogEvents", json!({ "logGroupName": "g" })).await;
    assert_eq!(filtered["events"][0]["eventId"], id);
    assert_eq!(id.as_str().unwrap().len(), 56);
    check_token(&answer["nextForwardToken"], 'f');
    check_token(&answer["nextBackwardToken"], 'b');
}

#[tokio::test]
async fn the_latest_events_come_first_unless_asked_from_the_head() {
    let bed = bed().await;
    bed.put("g", "s", &[(NOW, "a"), (NOW + 1, "b"), (NOW + 2, "c")]).await;
    assert_eq!(messages(&get(&bed, json!({ "limit": 2 })).await), ["b", "c"]);
    assert_eq!(
        messages(&get(&bed, json!({ "limit": 2, "startFromHead": true })).await),
        ["a", "b"]
    );
}

#[tokio::test]
async fn the_start_is_within_and_the_end_is_not() {
    let bed = bed().await;
    bed.put("g", "s", &[(NOW, "a"), (NOW + 1, "b"), (NOW + 2, "c")]).await;
    for head in [true, false] {
        let answer = get(
            &bed,
            json!({ "startTime": NOW + 1, "endTime": NOW + 2, "startFromHead": head }),
        )
        .await;
        assert_eq!(messages(&answer), ["b"]);
    }
    let backwards = json!({ "logGroupName": "g", "logStreamName": "s", "startTime": 2, "endTime": 1 });
    bed.refused("GetLogEvents", backwards, "InvalidParameterException")
        .await;
}

#[tokio::test]
async fn the_forward_token_stays_at_the_end_and_finds_what_comes_later() {
    let bed = bed().await;
    bed.put("g", "s", &[(NOW, "a"), (NOW + 1, "b")]).await;
    let end = get(&bed, json!({ "startFromHead": true })).await["nextForwardToken"].clone();
    let again = get(&bed, json!({ "nextToken": end })).await;
    assert_eq!(messages(&again), Vec::<&str>::new());
    assert_eq!(again["nextForwardToken"], end);
    let turned = get(&bed, json!({ "nextToken": again["nextBackwardToken"] })).await;
    assert_eq!(messages(&turned), ["a", "b"]);
    bed.put("g", "s", &[(NOW + 1, "c"), (NOW + 2, "d")]).await;
    assert_eq!(messages(&get(&bed, json!({ "nextToken": end })).await), ["c", "d"]);
    let first = get(&bed, json!({ "limit": 4 })).await["nextBackwardToken"].clone();
    let before = get(&bed, json!({ "nextToken": first })).await;
    assert_eq!(before["nextBackwardToken"], first);
    assert_eq!(
        messages(&get(&bed, json!({ "nextToken": before["nextForwardToken"] })).await),
        ["a", "b", "c", "d"]
    );
}

#[tokio::test]
async fn the_token_of_an_empty_stream_finds_what_comes_later() {
    let bed = bed().await;
    for head in [true, false] {
        let token = get(&bed, json!({ "startFromHead": head })).await["nextForwardToken"].clone();
        assert_eq!(
            get(&bed, json!({ "nextToken": token })).await["nextForwardToken"],
            token
        );
        bed.put("g", "s", &[(NOW, "a")]).await;
        assert_eq!(
            messages(&get(&bed, json!({ "nextToken": token, "limit": 1 })).await),
            ["a"]
        );
    }
}

#[tokio::test]
async fn tokens_of_others_and_altered_ones_are_refused() {
    let bed = bed().await;
    bed.stream("g", "t").await;
    bed.put("g", "s", &[(NOW, "a")]).await;
    let token = get(&bed, json!({})).await["nextForwardToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let altered = token.replace('1', "2");
    for (stream, token) in [
        ("t", token.as_str()),
        ("s", "nonsense"),
        ("s", "f/12/s"),
        ("s", altered.as_str()),
    ] {
        let input = json!({ "logGroupName": "g", "logStreamName": stream, "nextToken": token });
        let text = bed.refused("GetLogEvents", input, "InvalidParameterException").await;
        assert_eq!(text, "The specified nextToken is invalid.");
    }
}

#[tokio::test]
async fn events_too_old_and_too_new_are_left_out_and_told() {
    let bed = bed().await;
    let answer = bed
        .put("g", "s", &[(NOW - 14 * DAY - 1, "old"), (NOW - 14 * DAY, "ok")])
        .await;
    assert_eq!(answer["rejectedLogEventsInfo"], json!({ "tooOldLogEventEndIndex": 1 }));
    assert_eq!(answer["nextSequenceToken"].as_str().unwrap().len(), 56);
    let answer = bed.put("g", "s", &[(NOW, "now"), (NOW + 7_200_001, "new")]).await;
    assert_eq!(
        answer["rejectedLogEventsInfo"],
        json!({ "tooNewLogEventStartIndex": 1 })
    );
    assert_eq!(messages(&get(&bed, json!({})).await), ["ok", "now"]);
    let answer = bed.put("g", "s", &[(NOW, "fine")]).await;
    assert_eq!(answer.get("rejectedLogEventsInfo"), None);
}

#[tokio::test]
async fn batches_beyond_the_limits_are_refused_and_write_nothing() {
    let bed = bed().await;
    let put = async |events: Value| {
        let input = json!({ "logGroupName": "g", "logStreamName": "s", "logEvents": events });
        bed.refused("PutLogEvents", input, "InvalidParameterException").await
    };
    let text = put(json!([{ "timestamp": NOW + 1, "message": "b" }, { "timestamp": NOW, "message": "a" }])).await;
    assert_eq!(
        text,
        "Log events in a single PutLogEvents request must be in chronological order."
    );
    let text = put(json!([{ "timestamp": NOW - DAY - 1, "message": "b" }, { "timestamp": NOW, "message": "a" }])).await;
    assert_eq!(
        text,
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    );
    let text = put(json!([{ "timestamp": NOW, "message": "x".repeat(1_048_551) }])).await;
    assert_eq!(text, "Upload too large: 1048577 bytes exceeds limit of 1048576");
    let many: Vec<Value> = (0..10_001)
        .map(|_| json!({ "timestamp": NOW, "message": "x" }))
        .collect();
    let text = put(json!(many)).await;
    assert!(
        text.contains("Member must have length less than or equal to 10000"),
        "the list is too long"
    );
    put(json!([])).await;
    assert_eq!(messages(&get(&bed, json!({})).await), Vec::<&str>::new());
    let missing =
        json!({ "logGroupName": "g", "logStreamName": "none", "logEvents": [{ "timestamp": NOW, "message": "x" }] });
    let text = bed.refused("PutLogEvents", missing, "ResourceNotFoundException").await;
    assert_eq!(text, "The specified log stream does not exist.");
}

#[tokio::test]
async fn the_largest_batch_is_one_transaction_even_of_characters_that_json_escapes() {
    let bed = bed().await;
    let message = "\u{1}".repeat(1_048_576 - 26);
    for at in 0..3 {
        let before = bed.store.revision().await.unwrap();
        bed.put("g", "s", &[(NOW + at, &message)]).await;
        assert!(bed.store.revision().await.unwrap() > before);
    }
    let answer = get(&bed, json!({ "startFromHead": true })).await;
    assert_eq!(messages(&answer), [message.as_str()]);
    let answer = get(&bed, json!({ "nextToken": answer["nextForwardToken"] })).await;
    assert_eq!(messages(&answer).len(), 1);
}

#[tokio::test]
async fn a_sequence_token_is_no_longer_asked_for_and_taken_whatever_it_says() {
    let bed = bed().await;
    let input = json!({ "logGroupName": "g", "logStreamName": "s", "sequenceToken": "1",
        "logEvents": [{ "timestamp": NOW, "message": "x" }] });
    bed.ok("PutLogEvents", input).await;
}

#[tokio::test]
async fn writers_of_one_stream_lose_nothing() {
    let bed = std::sync::Arc::new(bed().await);
    let writers: Vec<_> = (0..40)
        .map(|writer| {
            let bed = std::sync::Arc::clone(&bed);
            tokio::spawn(async move {
                for n in 0..5 {
                    bed.put("g", "s", &[(NOW + n, &format!("{writer}-{n}"))]).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let answer = get(&bed, json!({})).await;
    let mut all = messages(&answer);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 200);
}

#[tokio::test]
async fn many_events_take_few_records_whatever_the_batches() {
    let bed = bed().await;
    let line = "x".repeat(74);
    let mut at = NOW;
    for _ in 0..400 {
        let batch: Vec<(i64, &str)> = (0..50).map(|n| (at + n, line.as_str())).collect();
        bed.put("g", "s", &batch).await;
        at += 50;
    }
    let (entries, _) = bed.store.range(Range::all()).await.unwrap();
    let records = entries
        .iter()
        .filter(|entry| entry.key.windows(10).any(|part| part == b"logs/event"))
        .count();
    // 20,000 events of 100 bytes: 31 leaves of 64 KiB and what is still in the journal.
    assert!((31..=100).contains(&records), "{records}");
    let bytes: usize = entries.iter().map(|entry| entry.value.len()).sum();
    assert!(bytes < 20_000 * 90, "{bytes}");
}

#[tokio::test]
async fn the_trail_names_the_stream_and_not_what_was_written() {
    let bed = Bed::new();
    bed.group("g").await;
    bed.stream("g", "s").await;
    bed.put("g", "s", &[(NOW, "a secret")]).await;
    let puts = bed
        .kernel
        .audit()
        .recent(10, |record| record.operation == "PutLogEvents")
        .unwrap();
    let expected = json!({ "logGroupName": "g", "logStreamName": "s" });
    assert_eq!(puts[0].parameters, Some(expected));
}
