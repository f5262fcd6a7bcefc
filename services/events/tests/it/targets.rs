//! Targets: put, listed, found by what they name, removed.

use serde_json::{Value, json};

use crate::world::{World, arn};

async fn world() -> World {
    let world = World::new();
    let put = json!({ "Name": "r", "EventPattern": "{\"source\":[\"mine\"]}" });
    world.events("PutRule", put).await.ok();
    world
}

async fn put(world: &World, targets: Value) -> crate::world::Answer {
    world
        .events("PutTargets", json!({ "Rule": "r", "Targets": targets }))
        .await
}

#[tokio::test]
async fn targets_are_kept_as_they_were_given() {
    let world = world().await;
    let role = world.role("run", "events.amazonaws.com", json!([])).await;
    let cluster = json!({
        "Id": "c", "Arn": arn("ecs", "cluster/demo"), "RoleArn": role,
        "EcsParameters": {
            "TaskDefinitionArn": arn("ecs", "task-definition/web"), "TaskCount": 2, "LaunchType": "FARGATE",
            "NetworkConfiguration": { "awsvpcConfiguration": { "Subnets": ["subnet-1"], "AssignPublicIp": "ENABLED" } },
            "EnableECSManagedTags": true, "Tags": [{ "Key": "k", "Value": "v" }]
        },
        "Input": "{\"containerOverrides\":[]}",
        "RetryPolicy": { "MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 60 },
        "DeadLetterConfig": { "Arn": arn("sqs", "dead") }
    });
    let queue = json!({ "Id": "q", "Arn": arn("sqs", "q"), "InputPath": "$.detail" });
    let function = json!({
        "Id": "f", "Arn": arn("lambda", "function:f"),
        "InputTransformer": { "InputPathsMap": { "a": "$.detail.a" }, "InputTemplate": "{\"a\": <a>}" }
    });
    let done = put(&world, json!([cluster, queue, function])).await.ok();
    assert_eq!(done, json!({ "FailedEntryCount": 0, "FailedEntries": [] }));
    let listed = world.events("ListTargetsByRule", json!({ "Rule": "r" })).await.ok();
    assert_eq!(listed, json!({ "Targets": [cluster, function, queue] }));
    let page = world
        .events("ListTargetsByRule", json!({ "Rule": "r", "Limit": 2 }))
        .await
        .ok();
    let rest = json!({ "Rule": "r", "NextToken": page["NextToken"] });
    assert_eq!(
        world.events("ListTargetsByRule", rest).await.ok()["Targets"],
        json!([queue])
    );
    let by_target = json!({ "TargetArn": arn("sqs", "q") });
    assert_eq!(
        world.events("ListRuleNamesByTarget", by_target).await.ok(),
        json!({ "RuleNames": ["r"] })
    );
    let by_other = json!({ "TargetArn": arn("sqs", "none") });
    assert_eq!(
        world.events("ListRuleNamesByTarget", by_other).await.ok(),
        json!({ "RuleNames": [] })
    );
}

#[tokio::test]
async fn a_target_of_the_same_id_takes_the_others_place() {
    let world = world().await;
    put(&world, json!([{ "Id": "1", "Arn": arn("sqs", "a") }])).await.ok();
    put(&world, json!([{ "Id": "1", "Arn": arn("sqs", "b") }])).await.ok();
    let listed = world.events("ListTargetsByRule", json!({ "Rule": "r" })).await.ok();
    assert_eq!(listed["Targets"], json!([{ "Id": "1", "Arn": arn("sqs", "b") }]));
}

#[tokio::test]
async fn some_targets_can_fail_while_others_are_put_and_removed() {
    let world = world().await;
    let done = put(
        &world,
        json!([
            { "Id": "good", "Arn": arn("sqs", "a") },
            { "Id": "malformed", "Arn": "here" },
            { "Id": "no-role", "Arn": arn("ecs", "cluster/demo"), "EcsParameters": { "TaskDefinitionArn": "web" } },
            { "Id": "no-parameters", "Arn": arn("ecs", "cluster/demo"), "RoleArn": "arn:aws:iam::000000000000:role/x" },
            { "Id": "no-queue", "Arn": arn("sqs", "a"), "DeadLetterConfig": { "Arn": arn("sns", "a") } },
        ]),
    )
    .await
    .ok();
    assert_eq!(done["FailedEntryCount"], 4);
    let refused: Vec<(&str, &str)> = done["FailedEntries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["TargetId"].as_str().unwrap(),
                entry["ErrorCode"].as_str().unwrap(),
            )
        })
        .collect();
    let code = "ValidationException";
    assert_eq!(
        refused,
        [
            ("malformed", code),
            ("no-role", code),
            ("no-parameters", code),
            ("no-queue", code)
        ]
    );
    let removed = world
        .events("RemoveTargets", json!({ "Rule": "r", "Ids": ["good", "none"] }))
        .await
        .ok();
    assert_eq!(
        (&removed["FailedEntryCount"], &removed["FailedEntries"][0]["TargetId"]),
        (&json!(1), &json!("none"))
    );
    assert_eq!(
        world.events("ListTargetsByRule", json!({ "Rule": "r" })).await.ok(),
        json!({ "Targets": [] })
    );
}

#[tokio::test]
async fn calls_that_make_no_sense_put_nothing() {
    let world = world().await;
    let queue = arn("sqs", "q");
    for targets in [
        json!([{ "Id": "1", "Arn": queue, "Input": "{" }]),
        json!([{ "Id": "1", "Arn": queue, "Input": "{}", "InputPath": "$" }]),
        json!([{ "Id": "1", "Arn": queue, "InputPath": "detail" }]),
        json!([{ "Id": "1", "Arn": queue, "InputTransformer": { "InputPathsMap": { "a": "x" }, "InputTemplate": "<a>" } }]),
        json!([{ "Id": "1", "Arn": queue, "InputTransformer": { "InputPathsMap": { "aws.a": "$.x" }, "InputTemplate": "1" } }]),
        json!([{ "Id": "1", "Arn": queue }, { "Id": "1", "Arn": queue }]),
        json!([]),
    ] {
        assert_eq!(
            put(&world, targets.clone()).await.error().0,
            "ValidationException",
            "{targets}"
        );
    }
    let six: Vec<Value> = (0..6)
        .map(|number| json!({ "Id": number.to_string(), "Arn": queue }))
        .collect();
    assert_eq!(put(&world, json!(six)).await.error().0, "LimitExceededException");
    let to_none = json!({ "Rule": "none", "Targets": [{ "Id": "1", "Arn": queue }] });
    assert_eq!(
        world.events("PutTargets", to_none).await.error().0,
        "ResourceNotFoundException"
    );
    assert_eq!(
        world.events("ListTargetsByRule", json!({ "Rule": "r" })).await.ok(),
        json!({ "Targets": [] })
    );
}
