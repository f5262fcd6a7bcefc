//! What ECS tells EventBridge of container instances, and of services whose tasks are on them.

use serde_json::{Value, json};

use crate::events::{listen, texts, told};
use crate::world::World;

const INSTANCES: &str = "ECS Container Instance State Change";
const ACTIONS: &str = "ECS Service Action";

/// A cluster with a definition `plain` that takes 100 CPU units and 200 MiB, listened to.
async fn stage(kind: &str) -> World {
    let world = World::new();
    listen(&world, kind).await;
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let container = json!({ "name": "main", "image": "simulated/run", "cpu": 100, "memory": 200 });
    let input = json!({ "family": "plain", "containerDefinitions": [container] });
    world.ecs("RegisterTaskDefinition", input).await.ok();
    world
}

async fn serve(world: &World, more: Value) -> Value {
    let mut input = json!({ "cluster": "demo", "serviceName": "web", "taskDefinition": "plain" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.ecs("CreateService", input).await.ok()["service"].clone()
}

fn cpu(detail: &Value) -> i64 {
    let all = detail["remainingResources"].as_array().unwrap();
    let found = all.iter().find(|resource| resource["name"] == "CPU");
    found.unwrap()["integerValue"].as_i64().unwrap()
}

/// Version, status, whether the agent is connected, and the CPU units that are left, of each event.
fn steps(told: &[Value]) -> Vec<(i64, String, bool, i64)> {
    let mut steps: Vec<_> = told
        .iter()
        .map(|event| &event["detail"])
        .map(|detail| {
            (
                detail["version"].as_i64().unwrap(),
                detail["status"].as_str().unwrap().to_owned(),
                detail["agentConnected"].as_bool().unwrap(),
                cpu(detail),
            )
        })
        .collect();
    steps.sort();
    steps
}

/// The details of the actions of one name, the oldest first.
async fn actions(world: &World, name: &str) -> Vec<Value> {
    let all = told(world).await.into_iter().map(|event| event["detail"].clone());
    all.filter(|detail| detail["eventName"] == name).collect()
}

#[tokio::test]
async fn each_change_of_an_instance_is_told_with_what_it_has_left() {
    let world = stage(INSTANCES).await;
    let arn = world.instance(1000, 1000, "us-east-1a").await;
    world.pass(1).await;
    let ran = world.run_plain(json!({})).await;
    let task = ran["tasks"][0]["taskArn"].clone();
    world.pass(5).await;
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": task }))
        .await
        .ok();
    world.pass(60).await;
    let drain = json!({ "cluster": "demo", "containerInstances": [arn], "status": "DRAINING" });
    world.ecs("UpdateContainerInstancesState", drain).await.ok();
    world.connect(&arn, false).await;
    let gone = json!({ "cluster": "demo", "containerInstance": arn });
    world.ecs("DeregisterContainerInstance", gone).await.ok();
    world.pass(1).await;
    let told = told(&world).await;
    let step = |version: i64, status: &str, connected: bool, cpu: i64| (version, status.to_owned(), connected, cpu);
    assert_eq!(
        steps(&told),
        [
            step(1, "ACTIVE", false, 1000),
            step(2, "ACTIVE", true, 1000),
            step(3, "ACTIVE", true, 900),
            step(4, "ACTIVE", true, 1000),
            step(5, "DRAINING", true, 1000),
            step(6, "DRAINING", false, 1000),
            step(7, "INACTIVE", false, 1000),
        ]
    );
    for event in &told {
        assert_eq!(event["resources"], json!([arn]));
        assert_eq!(event["detail"]["containerInstanceArn"], json!(arn));
    }
    assert_eq!(world.described(&arn).await["version"], 7);
}

#[tokio::test]
async fn the_members_of_an_instances_event_are_those_that_are_documented() {
    let world = stage(INSTANCES).await;
    let arn = world.instance(1000, 500, "us-east-1a").await;
    world.pass(1).await;
    let texts = texts(&world).await;
    let text = texts.iter().find(|text| text.contains("\"version\":1,")).unwrap();
    let detail = text.split_once("\"detail\":").unwrap().1;
    let members = [
        "{\"agentConnected\":false,\"attributes\":[{\"name\":\"com.amazonaws.ecs.capability.docker-remote-api.1.18\"},",
        "\"clusterArn\":\"arn:aws:ecs:us-east-1:000000000000:cluster/demo\",\"containerInstanceArn\":",
        "\"ec2InstanceId\":\"i-0123456789abcdef0\",\"registeredResources\":[{\"name\":\"CPU\",\"type\":\"INTEGER\",\"integerValue\":1000},",
        "{\"name\":\"PORTS\",\"type\":\"STRINGSET\",\"stringSetValue\":[\"22\"]}",
        "\"remainingResources\":[",
        "\"status\":\"ACTIVE\",\"version\":1,\"versionInfo\":{\"agentVersion\":\"1.105.1\",\"dockerVersion\":\"DockerVersion: 28\"},\"updatedAt\":\"",
    ];
    let mut rest = detail;
    for member in members {
        let Some((_, after)) = rest.split_once(member) else {
            panic!("`{member}` does not follow in {rest}");
        };
        rest = after;
    }
    assert!(rest.ends_with("Z\"}}"), "{rest}");
    assert_eq!(world.described(&arn).await["version"], 2);
}

#[tokio::test]
async fn a_task_that_finds_no_room_is_told_with_its_reason_and_the_closest_instance() {
    let world = stage(ACTIONS).await;
    let arn = world.instance(150, 1000, "us-east-1a").await;
    let made = serve(&world, json!({ "desiredCount": 2, "launchType": "EC2" })).await;
    world.pass(30).await;
    let told = actions(&world, "SERVICE_TASK_PLACEMENT_FAILURE").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["eventType"], "ERROR");
    assert_eq!(told[0]["reason"], "RESOURCE:CPU");
    assert_eq!(told[0]["containerInstanceArns"], json!([arn]));
    assert_eq!(told[0]["clusterArn"], made["clusterArn"]);
    assert_eq!(told[0].get("version"), None);
}

#[tokio::test]
async fn a_daemon_tells_that_its_instances_changed_how_many_tasks_it_has() {
    let world = stage(ACTIONS).await;
    world.instance(1000, 1000, "us-east-1a").await;
    let constraint = json!([{ "type": "memberOf", "expression": "attribute:role == edge or attribute:role !exists" }]);
    let daemon = json!({ "schedulingStrategy": "DAEMON", "launchType": "EC2", "placementConstraints": constraint });
    serve(&world, daemon).await;
    world.pass(10).await;
    let second = world.instance(1000, 1000, "us-east-1b").await;
    world.pass(10).await;
    let told = actions(&world, "SERVICE_DESIRED_COUNT_UPDATED").await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|detail| detail["eventType"] == "INFO"));
    assert_eq!(
        actions(&world, "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED").await,
        [json!(null); 0]
    );
    let attribute = json!({ "name": "role", "value": "core", "targetType": "container-instance", "targetId": second });
    world
        .ecs("PutAttributes", json!({ "cluster": "demo", "attributes": [attribute] }))
        .await
        .ok();
    world.pass(60).await;
    let violated = actions(&world, "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED").await;
    assert_eq!(violated.len(), 1, "{violated:?}");
    assert_eq!(violated[0]["eventType"], "ERROR");
    assert_eq!(violated[0]["containerInstanceArns"], json!([second]));
    assert_eq!(actions(&world, "SERVICE_DESIRED_COUNT_UPDATED").await.len(), 3);
}

#[tokio::test]
async fn a_users_own_count_is_not_told() {
    let world = stage(ACTIONS).await;
    world.instance(1000, 1000, "us-east-1a").await;
    serve(&world, json!({ "desiredCount": 1, "launchType": "EC2" })).await;
    world.pass(10).await;
    let update = json!({ "cluster": "demo", "service": "web", "desiredCount": 2 });
    world.ecs("UpdateService", update).await.ok();
    world.pass(10).await;
    assert_eq!(actions(&world, "SERVICE_DESIRED_COUNT_UPDATED").await, [json!(null); 0]);
    assert_eq!(actions(&world, "SERVICE_STEADY_STATE").await.len(), 2);
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_is_told_as_a_failure_of_the_configuration() {
    let world = stage(ACTIONS).await;
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole"
    }] });
    let pairs = [("RoleName", "app"), ("AssumeRolePolicyDocument", &*trust.to_string())];
    assert_eq!(world.form("iam", "CreateRole", &pairs).await.status, 200);
    let role = "arn:aws:iam::000000000000:role/app";
    let container = json!({ "name": "main", "image": "simulated/run", "cpu": 100, "memory": 200 });
    let input = json!({ "family": "plain", "taskRoleArn": role, "containerDefinitions": [container] });
    world.ecs("RegisterTaskDefinition", input).await.ok();
    let arn = world.instance(1000, 1000, "us-east-1a").await;
    let able = json!({ "name": "com.amazonaws.ecs.capability.task-iam-role", "targetId": arn });
    let input = json!({ "cluster": "demo", "attributes": [able] });
    world.ecs("PutAttributes", input).await.ok();
    serve(&world, json!({ "desiredCount": 1, "launchType": "EC2" })).await;
    world.pass(5).await;
    let told = actions(&world, "SERVICE_TASK_CONFIGURATION_FAILURE").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["eventType"], "ERROR");
    let reason = told[0]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with(&format!("ECS was unable to assume the role '{role}'")),
        "{reason}"
    );
}
