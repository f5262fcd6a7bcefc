//! Searching a group: streams, times, patterns and pages.

use serde_json::{Value, json};

use crate::bed::{Bed, NOW};

async fn bed() -> Bed {
    let bed = Bed::new();
    bed.group("g").await;
    for stream in ["web/1", "web/2", "db"] {
        bed.stream("g", stream).await;
    }
    bed.put("g", "web/1", &[(NOW, "GET / 200"), (NOW + 2, "GET /x 404 ERROR")])
        .await;
    bed.put("g", "web/2", &[(NOW + 1, "POST / 500 ERROR")]).await;
    bed.put(
        "g",
        "db",
        &[(NOW + 3, r#"{"level":"error","ms":12.5}"#), (NOW + 4, "ERROR disk")],
    )
    .await;
    bed
}

async fn found(bed: &Bed, more: Value) -> Vec<String> {
    let mut input = json!({ "logGroupName": "g" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = bed.ok("FilterLogEvents", input).await;
    answer["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["message"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn events_of_all_streams_come_in_the_order_of_time() {
    let bed = bed().await;
    let answer = bed
        .ok("FilterLogEvents", json!({ "logGroupName": "g", "limit": 2 }))
        .await;
    assert_eq!(answer["searchedLogStreams"], json!([]));
    let first = &answer["events"][0];
    assert_eq!(first["logStreamName"], "web/1");
    assert_eq!(first["timestamp"], NOW);
    assert_eq!(first["ingestionTime"], NOW);
    assert_eq!(first["eventId"].as_str().unwrap().len(), 56);
    assert_eq!(answer["events"][1]["logStreamName"], "web/2");
    let rest = json!({ "logGroupName": "g", "nextToken": answer["nextToken"] });
    let rest = bed.ok("FilterLogEvents", rest).await;
    assert_eq!(rest["events"].as_array().unwrap().len(), 3);
    assert_eq!(rest.get("nextToken"), None);
    let other = json!({ "logGroupName": "g", "filterPattern": "x", "nextToken": answer["nextToken"] });
    bed.refused("FilterLogEvents", other, "InvalidParameterException").await;
}

#[tokio::test]
async fn streams_are_chosen_by_name_or_prefix() {
    let bed = bed().await;
    assert_eq!(found(&bed, json!({ "logStreamNamePrefix": "web/" })).await.len(), 3);
    assert_eq!(
        found(&bed, json!({ "logStreamNames": ["db", "web/2", "db"] }))
            .await
            .len(),
        3
    );
    let missing = json!({ "logGroupName": "g", "logStreamNames": ["none"] });
    bed.refused("FilterLogEvents", missing, "ResourceNotFoundException")
        .await;
    let both = json!({ "logGroupName": "g", "logStreamNames": ["db"], "logStreamNamePrefix": "d" });
    bed.refused("FilterLogEvents", both, "InvalidParameterException").await;
}

#[tokio::test]
async fn both_ends_of_the_time_are_within() {
    let bed = bed().await;
    let within = json!({ "startTime": NOW + 1, "endTime": NOW + 2 });
    assert_eq!(found(&bed, within).await, ["POST / 500 ERROR", "GET /x 404 ERROR"]);
}

#[tokio::test]
async fn patterns_choose_messages() {
    let bed = bed().await;
    for (pattern, expected) in [
        ("ERROR", &["POST / 500 ERROR", "GET /x 404 ERROR", "ERROR disk"][..]),
        ("ERROR -disk", &["POST / 500 ERROR", "GET /x 404 ERROR"]),
        ("?200 ?404", &["GET / 200", "GET /x 404 ERROR"]),
        ("\"GET /x\"", &["GET /x 404 ERROR"]),
        (
            "{ $.level = \"error\" && $.ms > 10 }",
            &[r#"{"level":"error","ms":12.5}"#],
        ),
        ("{ $.level = \"info\" }", &[]),
        ("%[45]0[0-9]%", &["POST / 500 ERROR", "GET /x 404 ERROR"]),
        ("[..., status = 4*, word]", &["GET /x 404 ERROR"]),
        (
            "[method, path, status > 200, ...]",
            &["POST / 500 ERROR", "GET /x 404 ERROR"],
        ),
    ] {
        assert_eq!(
            found(&bed, json!({ "filterPattern": pattern })).await,
            expected,
            "{pattern}"
        );
    }
    for pattern in ["[ip, user", "a:b", "{ $.x", "{ x = 1 }"] {
        let input = json!({ "logGroupName": "g", "filterPattern": pattern });
        bed.refused("FilterLogEvents", input, "InvalidParameterException").await;
    }
}

#[tokio::test]
async fn a_page_without_matches_still_leads_on() {
    let bed = bed().await;
    let mut input = json!({ "logGroupName": "g", "filterPattern": "disk", "limit": 1 });
    let answer = bed.ok("FilterLogEvents", input.clone()).await;
    assert_eq!(answer["events"][0]["message"], "ERROR disk");
    assert_eq!(answer.get("nextToken"), None);
    input["logGroupName"] = json!("none");
    let text = bed.refused("FilterLogEvents", input, "ResourceNotFoundException").await;
    assert_eq!(text, "The specified log group does not exist.");
}
