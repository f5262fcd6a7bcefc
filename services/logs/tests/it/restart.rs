//! What was acknowledged is there after the store was opened again.

use std::path::PathBuf;
use std::sync::Arc;

use roadstead_store::Embedded;
use serde_json::{Value, json};

use crate::bed::{Bed, NOW};

struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn events_survive_a_restart() {
    let scratch = Scratch(std::env::temp_dir().join(format!("roadstead-logs-{}", std::process::id())));
    let bed = Bed::over(Arc::new(Embedded::open(&scratch.0).unwrap()), None);
    bed.group("g").await;
    bed.stream("g", "s").await;
    let mut expected = Vec::new();
    for n in 0..40 {
        bed.put("g", "s", &[(NOW + n, &format!("event {n}"))]).await;
        expected.push(json!([NOW + n, format!("event {n}"), NOW]));
    }
    let input = json!({ "logGroupName": "g", "logStreamName": "s", "limit": 25, "startFromHead": true });
    let first = bed.ok("GetLogEvents", input).await;
    bed.store.close().await.unwrap();
    drop(bed);
    let bed = Bed::over(Arc::new(Embedded::open(&scratch.0).unwrap()), None);
    let input = json!({ "logGroupName": "g", "logStreamName": "s", "nextToken": first["nextForwardToken"] });
    let rest = bed.ok("GetLogEvents", input).await;
    let both = [&first, &rest]
        .into_iter()
        .flat_map(|page| page["events"].as_array().unwrap());
    let both: Vec<Value> = both
        .map(|event| json!([event["timestamp"], event["message"], event["ingestionTime"]]))
        .collect();
    assert_eq!(both, expected);
    bed.store.close().await.unwrap();
}
