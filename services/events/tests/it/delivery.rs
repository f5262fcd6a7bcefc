//! What targets get, as whom they are called, and what becomes of deliveries that fail.

use roadstead_control::Reconciler as _;
use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Clock as _, Region};
use serde_json::{Value, json};

use crate::world::{World, arn};

/// A cluster and a task definition with the role `task`; a target that runs it as a role with these statements.
async fn cluster(world: &World, trusted: &str, statements: Value) -> Value {
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let task = world.role("task", "ecs-tasks.amazonaws.com", json!([])).await;
    let definition = json!({
        "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "taskRoleArn": task, "containerDefinitions": [{ "name": "main", "image": "simulated/run" }]
    });
    world.ecs("RegisterTaskDefinition", definition).await.ok();
    let role = world.role("run", trusted, statements).await;
    let subnets = world.form("ec2", "DescribeSubnets", &[]).await.text;
    let subnet = crate::world::between(&subnets, "<subnetId>", "</subnetId>");
    json!({
        "Id": "run", "Arn": arn("ecs", "cluster/demo"), "RoleArn": role,
        "EcsParameters": {
            "TaskDefinitionArn": arn("ecs", "task-definition/web"), "TaskCount": 2, "LaunchType": "FARGATE",
            "PlatformVersion": "LATEST", "Group": "nightly", "PropagateTags": "TASK_DEFINITION", "ReferenceId": "ref",
            "NetworkConfiguration": { "awsvpcConfiguration": { "Subnets": [subnet] } },
            "Tags": [{ "Key": "k", "Value": "v" }]
        }
    })
}

fn may_run() -> Value {
    json!([
        { "Effect": "Allow", "Action": ["ecs:RunTask", "ecs:TagResource"], "Resource": "*" },
        {
            "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
            "Condition": { "StringLike": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } }
        }
    ])
}

async fn tasks(world: &World) -> Vec<Value> {
    let listed = world.ecs("ListTasks", json!({ "cluster": "demo" })).await.ok();
    if listed["taskArns"] == json!([]) {
        return Vec::new();
    }
    let described = json!({ "cluster": "demo", "tasks": listed["taskArns"], "include": ["TAGS"] });
    world.ecs("DescribeTasks", described).await.ok()["tasks"]
        .as_array()
        .unwrap()
        .clone()
}

#[tokio::test]
async fn tasks_are_run_as_the_targets_role_with_what_the_target_says() {
    let world = World::new();
    let mut target = cluster(&world, "events.amazonaws.com", may_run()).await;
    target["InputTransformer"] = json!({
        "InputPathsMap": { "who": "$.detail.who" },
        "InputTemplate": "{\"containerOverrides\": [{\"name\": \"main\", \"environment\": [{\"name\": \"WHO\", \"value\": <who>}]}]}"
    });
    world.rule("nightly", json!({ "source": ["mine"] }), target).await;
    world.put(json!({ "who": "ada" })).await;
    world.settle().await;
    assert_eq!(world.counts(), (1, 0));
    let tasks = tasks(&world).await;
    assert_eq!(tasks.len(), 2);
    for task in &tasks {
        assert_eq!(
            (&task["startedBy"], &task["group"]),
            (&json!("events-rule/nightly"), &json!("nightly"))
        );
        assert_eq!(task["tags"], json!([{ "key": "k", "value": "v" }]));
        let environment = &task["overrides"]["containerOverrides"][0]["environment"];
        assert_eq!(*environment, json!([{ "name": "WHO", "value": "ada" }]));
    }
}

/// Registers an instance with room for so many tasks of 64 MiB, whose agent is connected.
async fn instance(world: &World, tasks: i32) {
    let input = json!({
        "cluster": "demo",
        "totalResources": [
            { "name": "CPU", "type": "INTEGER", "integerValue": 1024 },
            { "name": "MEMORY", "type": "INTEGER", "integerValue": 64 * tasks }
        ]
    });
    let answer = world.ecs("RegisterContainerInstance", input).await.ok();
    let arn = answer["containerInstance"]["containerInstanceArn"].as_str().unwrap();
    let place = Place {
        account: AccountId::parse("000000000000").unwrap(),
        region: Region::US_EAST_1,
    };
    let (ecs, now) = (world.installation.ecs(), world.clock.now());
    assert!(ecs.connect_instance(place, arn, Some(now)).await.unwrap());
}

#[tokio::test]
async fn tasks_that_found_no_room_are_started_later_and_the_others_not_again() {
    let world = World::new();
    let mut target = cluster(&world, "events.amazonaws.com", may_run()).await;
    let definition = json!({
        "family": "plain", "containerDefinitions": [{ "name": "main", "image": "simulated/run", "memory": 64 }]
    });
    world.ecs("RegisterTaskDefinition", definition).await.ok();
    target["EcsParameters"] = json!({
        "TaskDefinitionArn": arn("ecs", "task-definition/plain"), "TaskCount": 4, "LaunchType": "EC2"
    });
    instance(&world, 1).await;
    world.rule("nightly", json!({ "source": ["mine"] }), target).await;
    world.put(json!({})).await;
    world.settle().await;
    assert_eq!((tasks(&world).await.len(), world.counts()), (1, (0, 0)));
    world.pass(5).await;
    assert_eq!((tasks(&world).await.len(), world.counts()), (1, (0, 0)));
    instance(&world, 2).await;
    world.pass(30).await;
    assert_eq!((tasks(&world).await.len(), world.counts()), (3, (0, 0)));
    instance(&world, 5).await;
    world.pass(120).await;
    assert_eq!((tasks(&world).await.len(), world.counts()), (4, (1, 0)));
}

#[tokio::test]
async fn a_role_that_may_not_or_does_not_trust_runs_nothing() {
    for (trusted, statements) in [
        ("events.amazonaws.com", json!([])),
        ("ec2.amazonaws.com", may_run()),
        // Without the right to pass the task's role.
        (
            "events.amazonaws.com",
            json!([{ "Effect": "Allow", "Action": "ecs:RunTask", "Resource": "*" }]),
        ),
    ] {
        let world = World::new();
        let target = cluster(&world, trusted, statements.clone()).await;
        world.rule("nightly", json!({ "source": ["mine"] }), target).await;
        world.put(json!({})).await;
        world.settle().await;
        assert_eq!((tasks(&world).await.len(), world.counts()), (0, (0, 1)), "{statements}");
    }
}

#[tokio::test]
async fn a_log_group_is_written_to_only_where_its_account_lets_eventbridge() {
    let world = World::new();
    world.group("/aws/events/mine").await;
    world
        .logs("CreateLogGroup", json!({ "logGroupName": "/other" }))
        .await
        .ok();
    world
        .rule(
            "a",
            json!({ "source": ["mine"] }),
            json!({ "Id": "1", "Arn": arn("logs", "log-group:/other") }),
        )
        .await;
    world
        .rule(
            "b",
            json!({ "source": ["mine"] }),
            json!({ "Id": "1", "Arn": arn("logs", "log-group:/aws/events/mine:*") }),
        )
        .await;
    world.put(json!({})).await;
    world.settle().await;
    assert_eq!(world.messages("/other").await.len(), 0);
    assert_eq!(world.messages("/aws/events/mine").await.len(), 1);
    assert_eq!(world.counts(), (1, 1));
    // The policy may name the rule as the source.
    let rule = arn("events", "rule/a");
    let document = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "delivery.logs.amazonaws.com" }, "Resource": "*",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Condition": { "ArnEquals": { "aws:SourceArn": rule } }
    }] });
    let policy = json!({ "policyName": "source", "policyDocument": document.to_string() });
    world.logs("PutResourcePolicy", policy).await.ok();
    world.put(json!({})).await;
    world.settle().await;
    assert_eq!(world.messages("/other").await.len(), 1);
}

#[tokio::test]
async fn a_template_for_a_log_group_gives_the_message_and_its_time() {
    let world = World::new();
    let group = world.group("/aws/events/mine").await;
    let target = json!({
        "Id": "1", "Arn": group,
        "InputTransformer": {
            "InputPathsMap": { "at": "$.time", "text": "$.detail.text" },
            "InputTemplate": "{\"timestamp\": <at>, \"message\": \"It said <text>.\"}"
        }
    });
    world.rule("r", json!({ "source": ["mine"] }), target).await;
    world.put(json!({ "text": "hello" })).await;
    world.settle().await;
    let found = world
        .logs("FilterLogEvents", json!({ "logGroupName": "/aws/events/mine" }))
        .await
        .ok();
    assert_eq!(found["events"][0]["message"], "It said hello.");
    assert_eq!(found["events"][0]["timestamp"], 1_795_500_000_000_i64);
}

#[tokio::test]
async fn targets_that_are_not_there_are_given_up_and_counted() {
    let world = World::new();
    let targets = [
        "sqs:q",
        "lambda:function:f",
        "sns:t",
        "logs:log-group:/none",
        "events:event-bus/none",
    ];
    for (at, target) in targets.iter().enumerate() {
        let (service, resource) = target.split_once(':').unwrap();
        let target = json!({ "Id": "1", "Arn": arn(service, resource) });
        world
            .rule(&format!("r{at}"), json!({ "source": ["mine"] }), target)
            .await;
    }
    world.put(json!({})).await;
    world.settle().await;
    assert_eq!(world.counts(), (0, 5));
    world.pass(30).await;
    assert_eq!(world.counts(), (0, 5), "what was given up is not tried again");
}

#[tokio::test]
async fn what_was_accepted_is_delivered_by_the_next_server() {
    let world = World::new();
    let group = world.group("/aws/events/mine").await;
    world
        .rule("r", json!({ "source": ["mine"] }), json!({ "Id": "1", "Arn": group }))
        .await;
    world.put(json!({ "n": 1 })).await;
    // Another service over the same store, as after a crash: it finds what the first one accepted and never delivered.
    let next = roadstead_events::Events::new(std::sync::Arc::clone(world.installation.store()));
    let control = next.start(&world.installation.kernel);
    next.resume().await.unwrap();
    control.deliveries.settle().await;
    assert_eq!(control.deliveries.reconciler().counts(), (1, 0));
    assert_eq!(control.deliveries.reconciler().name(), "events/delivery");
    assert_eq!(world.messages("/aws/events/mine").await.len(), 1);
    // The first one finds nothing left to do.
    world.settle().await;
    assert_eq!(world.counts(), (0, 0));
}
