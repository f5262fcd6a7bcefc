//! Putting events: what is accepted, what is refused, and which rules pick it.

use serde_json::{Value, json};

use crate::world::{World, arn};

async fn put(world: &World, entries: Value) -> Value {
    world.events("PutEvents", json!({ "Entries": entries })).await.ok()
}

#[tokio::test]
async fn an_event_reaches_the_log_group_of_a_rule_that_picks_it() {
    let world = World::new();
    let group = world.group("/aws/events/mine").await;
    let target = json!({ "Id": "log", "Arn": group });
    let rule = world
        .rule(
            "r",
            json!({ "source": ["mine"], "detail": { "n": [{ "numeric": [">", 1] }] } }),
            target,
        )
        .await;
    world.put(json!({ "n": 1 })).await;
    let entry = json!({
        "Source": "mine", "DetailType": "Said", "Detail": "{\"n\": 2, \"a\": \"b\"}", "Resources": [rule],
        "Time": 1_700_000_000.75
    });
    let answer = put(&world, json!([entry])).await;
    let id = answer["Entries"][0]["EventId"].as_str().unwrap();
    assert_eq!(answer, json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": id }] }));
    world.settle().await;
    // The members of the envelope come in AWS's order, and the detail as it was given.
    let expected = format!(
        r#"{{"version":"0","id":"{id}","detail-type":"Said","source":"mine","account":"000000000000","time":"2023-11-14T22:13:20Z","region":"us-east-1","resources":["{rule}"],"detail":{{"n": 2, "a": "b"}}}}"#
    );
    assert_eq!(world.messages("/aws/events/mine").await, [expected]);
    assert_eq!(world.counts(), (1, 0));
}

#[tokio::test]
async fn rules_that_are_disabled_removed_or_of_another_bus_pick_nothing() {
    let world = World::new();
    let group = world.group("/aws/events/mine").await;
    let pattern = json!({ "source": ["mine"] });
    world
        .rule("r", pattern.clone(), json!({ "Id": "log", "Arn": group }))
        .await;
    world.events("CreateEventBus", json!({ "Name": "own" })).await.ok();
    let elsewhere = json!([{ "Source": "mine", "DetailType": "Said", "Detail": "{}", "EventBusName": "own" }]);
    put(&world, elsewhere).await;
    world.events("DisableRule", json!({ "Name": "r" })).await.ok();
    world.put(json!({})).await;
    world.settle().await;
    assert_eq!(world.counts(), (0, 0));
    world.events("EnableRule", json!({ "Name": "r" })).await.ok();
    world.put(json!({})).await;
    world.settle().await;
    assert_eq!(world.counts(), (1, 0));
    world
        .events(
            "PutRule",
            json!({ "Name": "r", "EventPattern": "{\"source\":[\"other\"]}" }),
        )
        .await
        .ok();
    world.put(json!({})).await;
    world
        .events("PutRule", json!({ "Name": "r", "EventPattern": pattern.to_string() }))
        .await
        .ok();
    world
        .events("RemoveTargets", json!({ "Rule": "r", "Ids": ["log"] }))
        .await
        .ok();
    world.put(json!({})).await;
    world.settle().await;
    assert_eq!(world.counts(), (1, 0));
}

#[tokio::test]
async fn entries_fail_one_by_one() {
    let world = World::new();
    let answer = put(
        &world,
        json!([
            { "Source": "mine", "DetailType": "Said", "Detail": "{}" },
            { "DetailType": "Said", "Detail": "{}" },
            { "Source": "mine", "Detail": "{}" },
            { "Source": "mine", "DetailType": "Said" },
            { "Source": "mine", "DetailType": "Said", "Detail": "[]" },
            { "Source": "mine", "DetailType": "Said", "Detail": "{" },
            { "Source": "aws.ecs", "DetailType": "Said", "Detail": "{}" },
            { "Source": "mine", "DetailType": "Said", "Detail": "{}", "EventBusName": "nowhere" },
        ]),
    )
    .await;
    let codes: Vec<&str> = answer["Entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["ErrorCode"].as_str().unwrap_or_default())
        .collect();
    let expected = [
        "",
        "InvalidArgument",
        "InvalidArgument",
        "InvalidArgument",
        "MalformedDetail",
        "MalformedDetail",
        "NotAuthorizedForSourceException",
        "",
    ];
    assert_eq!(codes, expected);
    assert_eq!(answer["FailedEntryCount"], 6);
    assert_eq!(answer["Entries"][4]["ErrorMessage"], "Detail is malformed.");
}

#[tokio::test]
async fn a_call_holds_ten_entries_and_256_kib_at_most() {
    let world = World::new();
    let entry = json!({ "Source": "mine", "DetailType": "Said", "Detail": "{}" });
    let eleven = json!({ "Entries": vec![entry; 11] });
    assert_eq!(world.events("PutEvents", eleven).await.error().0, "ValidationException");
    let large = json!({ "text": "x".repeat(262_144) }).to_string();
    let large = json!({ "Entries": [{ "Source": "mine", "DetailType": "Said", "Detail": large }] });
    let (code, message) = world.events("PutEvents", large).await.error();
    assert_eq!(code, "ValidationException");
    assert_eq!(message, "Total size of the entries in the request is over the limit.");
}

#[tokio::test]
async fn many_large_events_for_many_targets_are_all_delivered() {
    let world = World::new();
    let group = world.group("/aws/events/mine").await;
    for number in 0..30 {
        let targets: Vec<Value> = (0..5).map(|id| json!({ "Id": id.to_string(), "Arn": group })).collect();
        let name = format!("r{number}");
        world
            .events(
                "PutRule",
                json!({ "Name": name, "EventPattern": "{\"source\":[\"mine\"]}" }),
            )
            .await
            .ok();
        world
            .events("PutTargets", json!({ "Rule": name, "Targets": targets }))
            .await
            .ok();
    }
    let detail = json!({ "text": "x".repeat(20_000) }).to_string();
    let entry = json!({ "Source": "mine", "DetailType": "Said", "Detail": detail });
    put(&world, json!(vec![entry; 10])).await;
    world.settle().await;
    assert_eq!(world.counts(), (1500, 0));
}

#[tokio::test]
async fn a_bus_passes_events_on_to_another_once() {
    let world = World::new();
    let group = world.group("/aws/events/mine").await;
    for bus in ["one", "two"] {
        world.events("CreateEventBus", json!({ "Name": bus })).await.ok();
    }
    let on = [json!({ "Effect": "Allow", "Action": "events:PutEvents", "Resource": arn("events", "event-bus/*") })];
    let role = world.role("pass", "events.amazonaws.com", json!(on)).await;
    let add = async |bus: &str, name: &str, target: Value| {
        let put = json!({ "Name": name, "EventBusName": bus, "EventPattern": "{\"source\":[\"mine\"]}" });
        world.events("PutRule", put).await.ok();
        let put = json!({ "Rule": name, "EventBusName": bus, "Targets": [target] });
        assert_eq!(world.events("PutTargets", put).await.ok()["FailedEntryCount"], 0);
    };
    add(
        "default",
        "on",
        json!({ "Id": "bus", "Arn": arn("events", "event-bus/one"), "RoleArn": role }),
    )
    .await;
    add(
        "one",
        "on",
        json!({ "Id": "bus", "Arn": arn("events", "event-bus/two"), "RoleArn": role }),
    )
    .await;
    add("one", "log", json!({ "Id": "log", "Arn": group })).await;
    add("two", "log", json!({ "Id": "log", "Arn": group })).await;
    world.put(json!({ "a": 1 })).await;
    world.settle().await;
    let messages = world.messages("/aws/events/mine").await;
    assert_eq!(
        messages.len(),
        1,
        "what came from another bus goes no further: {messages:?}"
    );
    assert!(messages[0].contains(r#""source":"mine""#) && messages[0].contains(r#""detail":{"a":1}"#));
}
