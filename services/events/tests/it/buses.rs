//! Buses of one's own, and who may use them.

use serde_json::{Value, json};

use crate::world::{World, arn};

#[tokio::test]
async fn a_bus_is_made_described_listed_changed_and_deleted() {
    let world = World::new();
    let made = json!({ "Name": "own", "Description": "mine", "Tags": [{ "Key": "a", "Value": "1" }] });
    let made = world.events("CreateEventBus", made).await.ok();
    assert_eq!(
        made,
        json!({ "EventBusArn": arn("events", "event-bus/own"), "Description": "mine" })
    );
    let (code, message) = world.events("CreateEventBus", json!({ "Name": "own" })).await.error();
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("ResourceAlreadyExistsException", "Event bus own already exists.")
    );
    let shown = world.events("DescribeEventBus", json!({ "Name": "own" })).await.ok();
    assert_eq!(
        (&shown["Arn"], &shown["Description"]),
        (&json!(arn("events", "event-bus/own")), &json!("mine"))
    );
    assert!(shown["CreationTime"].is_number());
    let updated = world
        .events("UpdateEventBus", json!({ "Name": "own", "Description": "ours" }))
        .await
        .ok();
    assert_eq!(
        (&updated["Name"], &updated["Description"]),
        (&json!("own"), &json!("ours"))
    );
    let listed = world.events("ListEventBuses", json!({})).await.ok();
    let names: Vec<&Value> = listed["EventBuses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bus| &bus["Name"])
        .collect();
    assert_eq!(names, ["default", "own"]);
    let only = world.events("ListEventBuses", json!({ "NamePrefix": "o" })).await.ok();
    assert_eq!(only["EventBuses"].as_array().unwrap().len(), 1);
    let put = json!({ "Name": "r", "EventPattern": "{\"source\":[\"mine\"]}", "EventBusName": arn("events", "event-bus/own") });
    assert_eq!(
        world.events("PutRule", put).await.ok(),
        json!({ "RuleArn": arn("events", "rule/own/r") })
    );
    assert_eq!(
        world.events("DeleteEventBus", json!({ "Name": "own" })).await.error().0,
        "ValidationException"
    );
    world
        .events("DeleteRule", json!({ "Name": "r", "EventBusName": "own" }))
        .await
        .ok();
    world.events("DeleteEventBus", json!({ "Name": "own" })).await.ok();
    world.events("DeleteEventBus", json!({ "Name": "own" })).await.ok();
    let (code, message) = world.events("DescribeEventBus", json!({ "Name": "own" })).await.error();
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("ResourceNotFoundException", "Event bus own does not exist.")
    );
}

#[tokio::test]
async fn the_default_bus_is_always_there() {
    let world = World::new();
    let shown = world.events("DescribeEventBus", json!({})).await.ok();
    assert_eq!(
        shown,
        json!({ "Name": "default", "Arn": arn("events", "event-bus/default") })
    );
    assert_eq!(
        world
            .events("DeleteEventBus", json!({ "Name": "default" }))
            .await
            .error()
            .0,
        "ValidationException"
    );
    assert_eq!(
        world
            .events("CreateEventBus", json!({ "Name": "default" }))
            .await
            .error()
            .0,
        "ResourceAlreadyExistsException"
    );
    let scheduled = json!({ "Name": "r", "ScheduleExpression": "rate(1 hour)", "EventBusName": "own" });
    world.events("CreateEventBus", json!({ "Name": "own" })).await.ok();
    let (code, message) = world.events("PutRule", scheduled).await.error();
    assert_eq!(code, "ValidationException");
    assert_eq!(
        message,
        "ScheduleExpression is supported only on the default event bus."
    );
}

#[tokio::test]
async fn permissions_are_statements_of_the_buss_policy() {
    let world = World::new();
    let permission = json!({
        "Action": "events:PutEvents", "Principal": "111122223333", "StatementId": "one",
        "Condition": { "Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1" }
    });
    world.events("PutPermission", permission).await.ok();
    let all = json!({ "Action": "events:PutEvents", "Principal": "*", "StatementId": "two" });
    world.events("PutPermission", all).await.ok();
    let shown = world.events("DescribeEventBus", json!({})).await.ok();
    let policy: Value = serde_json::from_str(shown["Policy"].as_str().unwrap()).unwrap();
    let expected = json!({ "Version": "2012-10-17", "Statement": [
        {
            "Sid": "one", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
            "Action": "events:PutEvents", "Resource": arn("events", "event-bus/default"),
            "Condition": { "StringEquals": { "aws:PrincipalOrgID": "o-1" } }
        },
        {
            "Sid": "two", "Effect": "Allow", "Principal": "*",
            "Action": "events:PutEvents", "Resource": arn("events", "event-bus/default")
        }
    ] });
    assert_eq!(policy, expected);
    world
        .events("RemovePermission", json!({ "StatementId": "one" }))
        .await
        .ok();
    let again = world
        .events("RemovePermission", json!({ "StatementId": "one" }))
        .await
        .error();
    assert_eq!(again.0, "ResourceNotFoundException");
    world
        .events("RemovePermission", json!({ "RemoveAllPermissions": true }))
        .await
        .ok();
    assert_eq!(
        world.events("DescribeEventBus", json!({})).await.ok().get("Policy"),
        None
    );
    let none = world
        .events("RemovePermission", json!({ "StatementId": "two" }))
        .await
        .error();
    assert_eq!(
        (none.0.as_str(), none.1.as_str()),
        ("ResourceNotFoundException", "EventBus does not have a policy.")
    );
    world
        .events("PutPermission", json!({ "Policy": policy.to_string() }))
        .await
        .ok();
    assert_eq!(
        world.events("DescribeEventBus", json!({})).await.ok()["Policy"],
        policy.to_string()
    );
    for wrong in [
        json!({ "Policy": "{" }),
        json!({ "Policy": policy.to_string(), "StatementId": "x" }),
        json!({ "Action": "events:PutEvents", "Principal": "*" }),
        json!({ "Action": "events:PutRule", "Principal": "*", "StatementId": "x" }),
    ] {
        assert_eq!(
            world.events("PutPermission", wrong.clone()).await.error().0,
            "ValidationException",
            "{wrong}"
        );
    }
    let long: Vec<Value> = (0..120)
        .map(|number| json!({ "Sid": format!("s{number}"), "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*" }))
        .collect();
    let long = json!({ "Version": "2012-10-17", "Statement": long }).to_string();
    let refused = world.events("PutPermission", json!({ "Policy": long })).await.error();
    assert_eq!(refused.0, "PolicyLengthExceededException");
}
