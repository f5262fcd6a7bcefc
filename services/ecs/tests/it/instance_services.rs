//! Services on container instances: where their tasks go, what draining does, daemons.

use std::collections::BTreeMap;

use bytes::Bytes;
use roadstead_store::{Op, Range, Txn};
use serde_json::{Value, json};

use crate::world::World;

/// A cluster with a definition `plain` that takes 100 CPU units and 200 MiB.
async fn stage() -> World {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    define(&world).await;
    world
}

async fn define(world: &World) {
    let container = json!({ "name": "main", "image": "simulated/run", "cpu": 100, "memory": 200 });
    let input = json!({ "family": "plain", "containerDefinitions": [container] });
    world.ecs("RegisterTaskDefinition", input).await.ok();
}

async fn create(world: &World, more: Value) -> Value {
    let mut input = json!({ "cluster": "demo", "serviceName": "web", "taskDefinition": "plain" });
    if let (Value::Object(into), Value::Object(more)) = (&mut input, more) {
        into.extend(more);
    }
    world.ecs("CreateService", input).await.ok()["service"].clone()
}

async fn service(world: &World) -> Value {
    let input = json!({ "cluster": "demo", "services": ["web"] });
    world.ecs("DescribeServices", input).await.ok()["services"][0].clone()
}

/// Tasks that shall run, by the instance that they are on.
async fn tasks(world: &World) -> BTreeMap<String, Vec<Value>> {
    let listed = world.ecs("ListTasks", json!({ "cluster": "demo" })).await.ok();
    if listed["taskArns"] == json!([]) {
        return BTreeMap::new();
    }
    let input = json!({ "cluster": "demo", "tasks": listed["taskArns"] });
    let described = world.ecs("DescribeTasks", input).await.ok();
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for task in described["tasks"].as_array().unwrap() {
        let on = task["containerInstanceArn"].as_str().unwrap_or_default().to_owned();
        found.entry(on).or_default().push(task.clone());
    }
    found
}

async fn set_state(world: &World, instance: &str, status: &str) {
    let input = json!({ "cluster": "demo", "containerInstances": [instance], "status": status });
    world.ecs("UpdateContainerInstancesState", input).await.ok();
}

fn messages(service: &Value) -> Vec<&str> {
    let events = service["events"].as_array().unwrap();
    events.iter().map(|event| event["message"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn tasks_of_a_service_are_spread_over_zones() {
    let world = stage().await;
    for zone in ["us-east-1a", "us-east-1a", "us-east-1b"] {
        world.instance(1000, 1000, zone).await;
    }
    let made = create(&world, json!({ "desiredCount": 4 })).await;
    assert_eq!(made["launchType"], "EC2");
    world.pass(10).await;
    let mut zones: BTreeMap<String, usize> = BTreeMap::new();
    for task in tasks(&world).await.values().flatten() {
        assert_eq!(
            (&task["lastStatus"], &task["group"]),
            (&json!("RUNNING"), &json!("service:web"))
        );
        *zones
            .entry(task["availabilityZone"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    assert_eq!(
        zones,
        BTreeMap::from([("us-east-1a".to_owned(), 2), ("us-east-1b".to_owned(), 2)])
    );
    let seen = service(&world).await;
    assert_eq!(
        (&seen["runningCount"], &seen["deployments"][0]["rolloutState"]),
        (&json!(4), &json!("COMPLETED"))
    );
}

#[tokio::test]
async fn a_service_says_what_is_missing_and_goes_on_when_there_is_room() {
    let world = stage().await;
    create(&world, json!({ "desiredCount": 3 })).await;
    world.pass(2).await;
    assert_eq!(
        messages(&service(&world).await)[0],
        "(service web) was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
    );
    let arn = world.instance(250, 1000, "us-east-1a").await;
    let id = arn.rsplit('/').next().unwrap();
    world.pass(3).await;
    let seen = service(&world).await;
    assert_eq!(seen["runningCount"], 2);
    let expected = format!(
        "(service web) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance {id}) has insufficient CPU units available. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
    );
    assert_eq!(
        messages(&seen).iter().filter(|message| **message == expected).count(),
        1,
        "{seen:#}"
    );
    // The same is not said again at once.
    world.pass(100).await;
    let seen = service(&world).await;
    assert_eq!(
        messages(&seen).iter().filter(|message| **message == expected).count(),
        1
    );
    world.instance(250, 1000, "us-east-1b").await;
    world.pass(10).await;
    let seen = service(&world).await;
    assert_eq!(seen["runningCount"], 3);
    assert_eq!(messages(&seen)[0], "(service web) has reached a steady state.");
}

#[tokio::test]
async fn tasks_of_a_service_leave_a_draining_instance_when_others_run() {
    let world = stage().await;
    let (first, second) = (
        world.instance(1000, 1000, "us-east-1a").await,
        world.instance(1000, 1000, "us-east-1b").await,
    );
    create(&world, json!({ "desiredCount": 2 })).await;
    world.pass(10).await;
    assert_eq!(tasks(&world).await.keys().count(), 2);
    let alone = json!({ "cluster": "demo", "taskDefinition": "plain", "containerInstances": [first] });
    world.ecs("StartTask", alone).await.ok();
    world.settle().await;
    set_state(&world, &first, "DRAINING").await;
    for _ in 0..20 {
        world.pass(1).await;
        let running = service(&world).await["runningCount"].as_i64().unwrap();
        assert!(running >= 2, "{running}");
    }
    let left = tasks(&world).await;
    assert_eq!(left[&second].len(), 2);
    // A task that no service owns stays.
    assert_eq!(left[&first].len(), 1);
    assert_eq!(left[&first][0]["group"], "family:plain");
    assert_eq!(world.described(&first).await["runningTasksCount"], 1);
}

#[tokio::test]
async fn tasks_of_a_deregistered_instance_are_replaced() {
    let world = stage().await;
    let (first, second) = (
        world.instance(1000, 1000, "us-east-1a").await,
        world.instance(1000, 1000, "us-east-1b").await,
    );
    create(&world, json!({ "desiredCount": 2 })).await;
    world.pass(10).await;
    let input = json!({ "cluster": "demo", "containerInstance": first, "force": true });
    world.ecs("DeregisterContainerInstance", input).await.ok();
    world.pass(10).await;
    let left = tasks(&world).await;
    assert_eq!(left.keys().collect::<Vec<_>>(), [&second]);
    assert_eq!(left[&second].len(), 2);
}

#[tokio::test]
async fn a_daemon_has_one_task_on_each_instance() {
    let world = stage().await;
    let first = world.instance(1000, 1000, "us-east-1a").await;
    create(&world, json!({ "schedulingStrategy": "DAEMON" })).await;
    world.pass(10).await;
    let seen = service(&world).await;
    assert_eq!((&seen["desiredCount"], &seen["runningCount"]), (&json!(1), &json!(1)));
    assert_eq!(seen["deployments"][0]["rolloutState"], "COMPLETED");
    let second = world.instance(1000, 1000, "us-east-1a").await;
    world.pass(10).await;
    let seen = service(&world).await;
    assert_eq!((&seen["desiredCount"], &seen["runningCount"]), (&json!(2), &json!(2)));
    let on = tasks(&world).await;
    assert_eq!((on[&first].len(), on[&second].len()), (1, 1));
    set_state(&world, &second, "DRAINING").await;
    world.pass(10).await;
    let seen = service(&world).await;
    assert_eq!((&seen["desiredCount"], &seen["runningCount"]), (&json!(1), &json!(1)));
    assert!(!tasks(&world).await.contains_key(&second));
    set_state(&world, &second, "ACTIVE").await;
    world.pass(10).await;
    assert_eq!(service(&world).await["runningCount"], 2);
}

#[tokio::test]
async fn a_daemon_is_updated_on_each_instance() {
    let world = stage().await;
    let (first, second) = (
        world.instance(1000, 1000, "us-east-1a").await,
        world.instance(1000, 1000, "us-east-1b").await,
    );
    create(&world, json!({ "schedulingStrategy": "DAEMON" })).await;
    world.pass(10).await;
    define(&world).await;
    let input = json!({ "cluster": "demo", "service": "web", "taskDefinition": "plain:2" });
    world.ecs("UpdateService", input).await.ok();
    for _ in 0..15 {
        world.pass(1).await;
        for (instance, on) in tasks(&world).await {
            assert!(on.len() <= 1, "{instance}: {on:#?}");
        }
    }
    let on = tasks(&world).await;
    for instance in [&first, &second] {
        assert!(on[instance][0]["taskDefinitionArn"].as_str().unwrap().ends_with(":2"));
    }
    assert_eq!(service(&world).await["deployments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_daemon_is_the_last_to_leave_a_draining_instance() {
    let world = stage().await;
    let arn = world.instance(1000, 1000, "us-east-1a").await;
    create(&world, json!({ "schedulingStrategy": "DAEMON" })).await;
    let input = json!({ "cluster": "demo", "taskDefinition": "plain", "containerInstances": [arn] });
    let alone = world.ecs("StartTask", input).await.ok()["tasks"][0]["taskArn"].clone();
    world.pass(10).await;
    set_state(&world, &arn, "DRAINING").await;
    world.pass(10).await;
    assert_eq!(service(&world).await["runningCount"], 1);
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": alone }))
        .await
        .ok();
    world.pass(10).await;
    assert_eq!(service(&world).await["runningCount"], 0);
    assert!(tasks(&world).await.is_empty());
}

#[tokio::test]
async fn a_daemon_goes_where_its_constraints_hold() {
    let world = stage().await;
    let (first, second) = (
        world.instance(1000, 1000, "us-east-1a").await,
        world.instance(1000, 1000, "us-east-1b").await,
    );
    let rule = json!([{ "type": "memberOf", "expression": "attribute:logs exists" }]);
    create(
        &world,
        json!({ "schedulingStrategy": "DAEMON", "placementConstraints": rule }),
    )
    .await;
    world.pass(5).await;
    assert_eq!(service(&world).await["desiredCount"], 0);
    let put = json!({ "cluster": "demo", "attributes": [{ "name": "logs", "targetId": second }] });
    world.ecs("PutAttributes", put).await.ok();
    world.pass(5).await;
    let on = tasks(&world).await;
    assert_eq!(on.keys().collect::<Vec<_>>(), [&second]);
    assert!(!on.contains_key(&first));
    let wrong = json!([{ "type": "memberOf", "expression": "logs" }]);
    let input = json!({
        "cluster": "demo", "serviceName": "other", "taskDefinition": "plain", "desiredCount": 1,
        "placementConstraints": wrong
    });
    assert_eq!(
        world.ecs("CreateService", input).await.error().0,
        "InvalidParameterException"
    );
}

#[tokio::test]
async fn a_service_on_instances_waits_for_a_role_that_does_not_trust_tasks() {
    let trust = |service: &str| {
        json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole"
        }] })
        .to_string()
    };
    let world = stage().await;
    let pairs = [
        ("RoleName", "app"),
        ("AssumeRolePolicyDocument", &*trust("ec2.amazonaws.com")),
    ];
    assert_eq!(world.form("iam", "CreateRole", &pairs).await.status, 200);
    let container = json!({ "name": "main", "image": "simulated/run", "cpu": 100, "memory": 200 });
    let role = "arn:aws:iam::000000000000:role/app";
    let input = json!({ "family": "plain", "taskRoleArn": role, "containerDefinitions": [container] });
    world.ecs("RegisterTaskDefinition", input).await.ok();
    let arn = world.instance(1000, 1000, "us-east-1a").await;
    let able = json!({ "name": "com.amazonaws.ecs.capability.task-iam-role", "targetId": arn });
    let input = json!({ "cluster": "demo", "attributes": [able] });
    world.ecs("PutAttributes", input).await.ok();
    create(&world, json!({ "desiredCount": 1 })).await;
    world.pass(5).await;
    let seen = service(&world).await;
    let begins = "(service web) failed to launch a task with (error ECS was unable to assume the role";
    assert!(messages(&seen).last().unwrap().starts_with(begins), "{seen:#}");
    assert!(tasks(&world).await.is_empty());
    let pairs = [
        ("RoleName", "app"),
        ("PolicyDocument", &*trust("ecs-tasks.amazonaws.com")),
    ];
    assert_eq!(world.form("iam", "UpdateAssumeRolePolicy", &pairs).await.status, 200);
    world.pass(130).await;
    assert_eq!(service(&world).await["runningCount"], 1);
}

#[tokio::test]
async fn places_of_tasks_that_cannot_be_stored_are_given_back() {
    let world = stage().await;
    create(&world, json!({ "desiredCount": 1 })).await;
    world.pass(2).await;
    // The messages of the service become unreadable, so that nothing can be started.
    let store = world.installation.store();
    let (entries, _) = store.range(Range::all()).await.unwrap();
    let is_message = |key: &[u8]| key.windows(18).any(|part| part == b"ecs/service-events");
    let mut txn = Txn::new();
    let mut spoilt = 0;
    for entry in entries.into_iter().filter(|entry| is_message(&entry.key)) {
        txn.push(Op::Put {
            key: entry.key,
            value: Bytes::from_static(b"spoilt"),
            lease: None,
        });
        spoilt += 1;
    }
    assert_eq!(spoilt, 1);
    store.commit(txn).await.unwrap();
    let arn = world.instance(1000, 1000, "us-east-1a").await;
    world.pass(5).await;
    assert!(tasks(&world).await.is_empty());
    let described = world.described(&arn).await;
    let left = described["remainingResources"].as_array().unwrap();
    let cpu = left.iter().find(|one| one["name"] == "CPU").unwrap();
    assert_eq!(cpu["integerValue"], 1000, "{described:#}");
}
