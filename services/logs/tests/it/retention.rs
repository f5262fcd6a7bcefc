//! Retention: expired events are hidden at once and removed by a purge.

use roadstead_core::Clock;
use roadstead_store::Range;
use serde_json::{Value, json};

use crate::bed::{Bed, DAY, NOW};

async fn messages(bed: &Bed, operation: &str) -> Vec<String> {
    let mut input = json!({ "logGroupName": "g" });
    if operation == "GetLogEvents" {
        input["logStreamName"] = json!("s");
    }
    let answer = bed.ok(operation, input).await;
    answer["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["message"].as_str().unwrap().to_owned())
        .collect()
}

async fn event_records(bed: &Bed) -> usize {
    let (entries, _) = bed.store.range(Range::all()).await.unwrap();
    entries
        .iter()
        .filter(|entry| entry.key.windows(10).any(|part| part == b"logs/event"))
        .count()
}

async fn keep_days(bed: &Bed, days: i64) {
    bed.ok(
        "PutRetentionPolicy",
        json!({ "logGroupName": "g", "retentionInDays": days }),
    )
    .await;
}

#[tokio::test]
async fn expired_events_are_hidden_and_refused() {
    let bed = Bed::new();
    bed.group("g").await;
    bed.stream("g", "s").await;
    bed.put(
        "g",
        "s",
        &[(NOW - 2 * DAY, "old"), (NOW - 2 * DAY + 1, "older than a day")],
    )
    .await;
    bed.put("g", "s", &[(NOW, "new")]).await;
    keep_days(&bed, 1).await;
    for operation in ["GetLogEvents", "FilterLogEvents"] {
        assert_eq!(messages(&bed, operation).await, ["new"]);
    }
    let answer = bed
        .put("g", "s", &[(NOW - DAY - 1, "too late"), (NOW - DAY, "just in time")])
        .await;
    assert_eq!(answer["rejectedLogEventsInfo"], json!({ "expiredLogEventEndIndex": 1 }));
    assert_eq!(messages(&bed, "GetLogEvents").await, ["just in time", "new"]);
}

#[tokio::test]
async fn a_purge_removes_what_expired_and_nothing_else() {
    let bed = Bed::new();
    bed.group("g").await;
    bed.stream("g", "s").await;
    let line = "x".repeat(1000);
    for day in [-3, -2, 0] {
        for n in 0..30 {
            let at = NOW + day * DAY + n * 1000;
            let batch: Vec<(i64, &str)> = (0..10).map(|m| (at + m, line.as_str())).collect();
            bed.put("g", "s", &batch).await;
        }
    }
    let nothing = bed.logs.purge(bed.clock.now()).await.unwrap();
    assert_eq!(nothing.events, 0);
    let stored = async |bed: &Bed| bed.ok("DescribeLogGroups", json!({})).await["logGroups"][0]["storedBytes"].clone();
    assert_eq!(stored(&bed).await, 900 * 1026);
    let before = event_records(&bed).await;
    keep_days(&bed, 1).await;
    let purged = bed.logs.purge(bed.clock.now()).await.unwrap();
    // A leaf that holds a living event stays as a whole, so fewer than a leaf's worth may stay with it.
    assert!((540..=600).contains(&purged.events), "{purged:?}");
    assert_eq!(purged.bytes, purged.events * 1026);
    assert!(event_records(&bed).await < before / 2);
    assert_eq!(stored(&bed).await, 900 * 1026 - purged.bytes);
    assert_eq!(messages(&bed, "GetLogEvents").await.len(), 300);
    let stream = &bed.ok("DescribeLogStreams", json!({ "logGroupName": "g" })).await["logStreams"][0];
    assert_eq!(stream["firstEventTimestamp"], NOW);
    bed.advance(2 * DAY);
    let rest = bed.logs.purge(bed.clock.now()).await.unwrap();
    assert_eq!(purged.events + rest.events, 900);
    assert_eq!(event_records(&bed).await, 0);
    assert_eq!(stored(&bed).await, 0);
    let stream = bed.ok("DescribeLogStreams", json!({ "logGroupName": "g" })).await["logStreams"][0].clone();
    assert_eq!(stream.get("firstEventTimestamp"), None::<&Value>);
    bed.put("g", "s", &[(NOW + 2 * DAY, "again")]).await;
    assert_eq!(messages(&bed, "FilterLogEvents").await, ["again"]);
}
