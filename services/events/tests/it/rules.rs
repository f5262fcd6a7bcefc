//! Rules: put, described, listed, enabled, deleted.

use serde_json::json;

use crate::world::{World, arn};

fn pattern() -> String {
    json!({ "source": ["mine"] }).to_string()
}

#[tokio::test]
async fn a_rule_is_put_described_changed_and_deleted() {
    let world = World::new();
    let put = json!({
        "Name": "r", "EventPattern": pattern(), "Description": "all of mine",
        "Tags": [{ "Key": "team", "Value": "a" }]
    });
    let made = world.events("PutRule", put).await.ok();
    assert_eq!(made, json!({ "RuleArn": arn("events", "rule/r") }));
    let shown = world.events("DescribeRule", json!({ "Name": "r" })).await.ok();
    let expected = json!({
        "Name": "r", "Arn": arn("events", "rule/r"), "EventPattern": pattern(), "State": "ENABLED",
        "Description": "all of mine", "EventBusName": "default", "CreatedBy": "000000000000"
    });
    assert_eq!(shown, expected);
    // What is left out is gone, but for the tags.
    let put = json!({ "Name": "r", "ScheduleExpression": "rate(5 minutes)", "State": "DISABLED" });
    world.events("PutRule", put).await.ok();
    let expected = json!({
        "Name": "r", "Arn": arn("events", "rule/r"), "ScheduleExpression": "rate(5 minutes)", "State": "DISABLED",
        "EventBusName": "default", "CreatedBy": "000000000000"
    });
    assert_eq!(
        world.events("DescribeRule", json!({ "Name": "r" })).await.ok(),
        expected
    );
    let tags = json!({ "ResourceARN": arn("events", "rule/r") });
    let tags = world.events("ListTagsForResource", tags).await.ok();
    assert_eq!(tags, json!({ "Tags": [{ "Key": "team", "Value": "a" }] }));
    world.events("EnableRule", json!({ "Name": "r" })).await.ok();
    assert_eq!(
        world.events("DescribeRule", json!({ "Name": "r" })).await.ok()["State"],
        "ENABLED"
    );
    world.events("DisableRule", json!({ "Name": "r" })).await.ok();
    assert_eq!(
        world.events("DescribeRule", json!({ "Name": "r" })).await.ok()["State"],
        "DISABLED"
    );
    world.events("DeleteRule", json!({ "Name": "r" })).await.ok();
    let (code, message) = world.events("DescribeRule", json!({ "Name": "r" })).await.error();
    assert_eq!(code, "ResourceNotFoundException");
    assert_eq!(message, "Rule r does not exist on EventBus default.");
    world.events("DeleteRule", json!({ "Name": "r" })).await.ok();
}

#[tokio::test]
async fn what_makes_no_rule_is_refused() {
    let world = World::new();
    for (input, code) in [
        (json!({ "Name": "r" }), "ValidationException"),
        (json!({ "Name": "r", "EventPattern": "" }), "ValidationException"),
        (
            json!({ "Name": "r", "ScheduleExpression": "rate(1 minutes)" }),
            "ValidationException",
        ),
        (
            json!({ "Name": "r", "ScheduleExpression": "cron(* * * * *)" }),
            "ValidationException",
        ),
        (
            json!({ "Name": "r", "EventPattern": "{\"source\": \"mine\"}" }),
            "InvalidEventPatternException",
        ),
        (
            json!({ "Name": "r", "EventPattern": "{" }),
            "InvalidEventPatternException",
        ),
        (
            json!({ "Name": "r/s", "EventPattern": pattern() }),
            "ValidationException",
        ),
        (
            json!({ "Name": "r", "EventPattern": pattern(), "EventBusName": "none" }),
            "ResourceNotFoundException",
        ),
        (
            json!({ "Name": "r", "EventPattern": pattern(), "Tags": [{ "Key": "aws:x", "Value": "" }] }),
            "ValidationException",
        ),
    ] {
        let said = world.events("PutRule", input.clone()).await.error();
        assert_eq!(said.0, code, "{input}: {said:?}");
    }
    let (_, message) = world.events("PutRule", json!({ "Name": "r" })).await.error();
    assert_eq!(
        message,
        "Parameter(s) EventPattern or ScheduleExpression must be specified."
    );
    for operation in ["EnableRule", "DisableRule", "DescribeRule"] {
        assert_eq!(
            world.events(operation, json!({ "Name": "r" })).await.error().0,
            "ResourceNotFoundException"
        );
    }
}

#[tokio::test]
async fn a_rule_with_targets_cannot_be_deleted() {
    let world = World::new();
    world
        .rule(
            "r",
            json!({ "source": ["mine"] }),
            json!({ "Id": "1", "Arn": arn("sqs", "q") }),
        )
        .await;
    let (code, message) = world.events("DeleteRule", json!({ "Name": "r" })).await.error();
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("ValidationException", "Rule can't be deleted since it has targets.")
    );
    world
        .events("RemoveTargets", json!({ "Rule": "r", "Ids": ["1"] }))
        .await
        .ok();
    world.events("DeleteRule", json!({ "Name": "r" })).await.ok();
}

#[tokio::test]
async fn rules_are_listed_by_name_in_pages() {
    let world = World::new();
    for name in ["b1", "a1", "a3", "a2"] {
        world
            .events("PutRule", json!({ "Name": name, "EventPattern": pattern() }))
            .await
            .ok();
    }
    let names = |listed: &serde_json::Value| -> Vec<String> {
        let rules = listed["Rules"].as_array().unwrap();
        rules
            .iter()
            .map(|rule| rule["Name"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = world
        .events("ListRules", json!({ "NamePrefix": "a", "Limit": 2 }))
        .await
        .ok();
    assert_eq!(names(&first), ["a1", "a2"]);
    let rest = json!({ "NamePrefix": "a", "Limit": 2, "NextToken": first["NextToken"] });
    let rest = world.events("ListRules", rest).await.ok();
    assert_eq!((names(&rest), rest.get("NextToken")), (vec!["a3".to_owned()], None));
    let of_another = json!({ "NamePrefix": "b", "NextToken": first["NextToken"] });
    assert_eq!(
        world.events("ListRules", of_another).await.error().0,
        "ValidationException"
    );
    assert_eq!(
        world
            .events("ListRules", json!({ "EventBusName": "none" }))
            .await
            .error()
            .0,
        "ResourceNotFoundException"
    );
}

#[tokio::test]
async fn a_bus_has_at_most_three_hundred_rules() {
    let world = World::new();
    for number in 0..300 {
        world
            .events(
                "PutRule",
                json!({ "Name": format!("r{number}"), "EventPattern": pattern() }),
            )
            .await
            .ok();
    }
    let more = json!({ "Name": "more", "EventPattern": pattern() });
    assert_eq!(world.events("PutRule", more).await.error().0, "LimitExceededException");
    world
        .events("PutRule", json!({ "Name": "r7", "EventPattern": pattern() }))
        .await
        .ok();
}

#[tokio::test]
async fn a_pattern_is_tested_against_an_event() {
    let world = World::new();
    let event = json!({
        "id": "1", "account": "000000000000", "source": "mine", "time": "2026-01-01T00:00:00Z", "region": "us-east-1",
        "resources": [], "detail-type": "Said", "detail": { "state": "on" }
    });
    let test =
        |pattern: serde_json::Value, event: String| json!({ "EventPattern": pattern.to_string(), "Event": event });
    let picks = test(json!({ "detail": { "state": ["on"] } }), event.to_string());
    assert_eq!(
        world.events("TestEventPattern", picks).await.ok(),
        json!({ "Result": true })
    );
    let leaves = test(json!({ "detail": { "state": ["off"] } }), event.to_string());
    assert_eq!(
        world.events("TestEventPattern", leaves).await.ok(),
        json!({ "Result": false })
    );
    let malformed = test(json!({ "detail": "on" }), event.to_string());
    assert_eq!(
        world.events("TestEventPattern", malformed).await.error().0,
        "InvalidEventPatternException"
    );
    let missing = test(json!({ "source": ["mine"] }), "{\"source\": \"mine\"}".to_owned());
    assert_eq!(
        world.events("TestEventPattern", missing).await.error().0,
        "ValidationException"
    );
}

#[tokio::test]
async fn tags_are_added_and_removed() {
    let world = World::new();
    world
        .events("PutRule", json!({ "Name": "r", "EventPattern": pattern() }))
        .await
        .ok();
    for resource in [arn("events", "rule/r"), arn("events", "event-bus/default")] {
        let tags =
            json!({ "ResourceARN": resource, "Tags": [{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "2" }] });
        world.events("TagResource", tags).await.ok();
        world
            .events(
                "UntagResource",
                json!({ "ResourceARN": resource, "TagKeys": ["a", "none"] }),
            )
            .await
            .ok();
        let left = world
            .events("ListTagsForResource", json!({ "ResourceARN": resource }))
            .await
            .ok();
        assert_eq!(left, json!({ "Tags": [{ "Key": "b", "Value": "2" }] }));
    }
    let none = json!({ "ResourceARN": arn("events", "rule/none") });
    assert_eq!(
        world.events("ListTagsForResource", none).await.error().0,
        "ResourceNotFoundException"
    );
    let other = json!({ "ResourceARN": arn("sqs", "q") });
    assert_eq!(
        world.events("ListTagsForResource", other).await.error().0,
        "ValidationException"
    );
}
