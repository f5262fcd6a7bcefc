//! The versions that a task goes through, as recorded from AWS: which there are, and what each shows.

use serde_json::{Value, json};

use crate::events::{listen, step, steps, told};
use crate::world::{World, container_with, definition};

/// A task of these containers, followed by events; it has just been admitted.
async fn begin(containers: Value) -> (World, String) {
    let world = World::new();
    listen(&world, "ECS Task State Change").await;
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    world
        .ecs("RegisterTaskDefinition", definition("web", containers))
        .await
        .ok();
    let subnet = world.subnet().await;
    let arn = world.run_task(&subnet, json!({})).await["taskArn"]
        .as_str()
        .unwrap()
        .to_owned();
    (world, arn)
}

/// Compares the versions that were told with those that are expected: last and desired status.
async fn check(world: &World, expected: &[(&str, &str)]) -> Vec<Value> {
    let told = told(world).await;
    let expected: Vec<_> = (1..)
        .zip(expected)
        .map(|(version, (last, desired))| step(version, last, desired))
        .collect();
    assert_eq!(steps(&told), expected, "{told:#?}");
    let mut details: Vec<Value> = told.into_iter().map(|event| event["detail"].clone()).collect();
    details.sort_by_key(|detail| detail["version"].as_i64());
    details
}

fn of<'a>(task: &'a Value, name: &str) -> &'a Value {
    let containers = task["containers"].as_array().unwrap();
    containers.iter().find(|container| container["name"] == name).unwrap()
}

const PROVISIONING: (&str, &str) = ("PROVISIONING", "RUNNING");
const PENDING: (&str, &str) = ("PENDING", "RUNNING");
const RUNNING: (&str, &str) = ("RUNNING", "RUNNING");
const LEAVING: (&str, &str) = ("DEPROVISIONING", "STOPPED");
const STOPPED: (&str, &str) = ("STOPPED", "STOPPED");

async fn stop(world: &World, arn: &str) {
    let stop = json!({ "cluster": "demo", "task": arn });
    world.ecs("StopTask", stop).await.ok();
}

#[tokio::test]
async fn a_task_that_ends_by_itself_goes_from_running_to_deprovisioning_at_once() {
    let main = container_with("main", json!({ "image": "simulated/exit:0-after-70" }));
    let init = container_with(
        "init",
        json!({ "image": "simulated/exit:7-after-5", "essential": false }),
    );
    let (world, arn) = begin(json!([main, init])).await;
    world.pass(45).await;
    let running = world.task(&arn).await;
    assert_eq!(
        (&running["version"], &running["desiredStatus"]),
        (&json!(4), &json!("RUNNING"))
    );
    assert_eq!(running.get("stoppingAt"), None);
    world.pass(90).await;
    let details = check(&world, &[PROVISIONING, PENDING, RUNNING, RUNNING, LEAVING, STOPPED]).await;
    assert_eq!(of(&details[3], "init")["exitCode"], 7);
    assert_eq!(details[3].get("stopCode"), None);
    let leaving = &details[4];
    assert_eq!(leaving["stopCode"], "EssentialContainerExited");
    assert_eq!(leaving["stoppedReason"], "Essential container in task exited");
    assert_eq!(leaving["updatedAt"], leaving["stoppingAt"]);
    assert_eq!(leaving["attachments"][0]["status"], "ATTACHED");
    let task = world.task(&arn).await;
    let order = [
        "createdAt",
        "pullStartedAt",
        "pullStoppedAt",
        "startedAt",
        "executionStoppedAt",
        "stoppingAt",
        "stoppedAt",
    ];
    let times: Vec<f64> = order.iter().map(|time| task[*time].as_f64().unwrap()).collect();
    assert!(times.is_sorted(), "{order:?} {times:?}");
}

#[tokio::test]
async fn a_container_that_ends_at_once_has_run_all_the_same() {
    let (world, arn) = begin(json!([container_with("main", json!({ "image": "simulated/exit:0" }))])).await;
    world.pass(10).await;
    let details = check(&world, &[PROVISIONING, PENDING, RUNNING, LEAVING, STOPPED]).await;
    assert_eq!(of(&details[2], "main")["lastStatus"], "RUNNING");
    let task = world.task(&arn).await;
    assert_eq!(task["stopCode"], "EssentialContainerExited");
    assert_eq!(task["containers"][0]["exitCode"], 0);
    assert!(task["startedAt"].as_f64().unwrap() <= task["executionStoppedAt"].as_f64().unwrap());
}

#[tokio::test]
async fn a_failed_dependency_ends_the_task_before_it_runs() {
    let init = container_with("init", json!({ "image": "simulated/exit:7", "essential": false }));
    let main = container_with(
        "main",
        json!({ "dependsOn": [{ "containerName": "init", "condition": "SUCCESS" }] }),
    );
    let (world, arn) = begin(json!([init, main])).await;
    world.pass(10).await;
    check(&world, &[PROVISIONING, PENDING, LEAVING, STOPPED]).await;
    let task = world.task(&arn).await;
    assert_eq!(
        (&task["stopCode"], &task["stoppedReason"]),
        (&json!("TaskFailedToStart"), &json!("Task failed to start"))
    );
    assert_eq!(task.get("startedAt"), None);
    assert!(task["executionStoppedAt"].is_number() && task["pullStartedAt"].is_number());
    let main = of(&task, "main");
    assert_eq!(main["lastStatus"], "STOPPED");
    assert!(
        main["runtimeId"].is_string() && main["imageDigest"].is_string(),
        "{main}"
    );
    for absent in ["exitCode", "reason", "networkBindings"] {
        assert_eq!(main.get(absent), None, "{absent}");
    }
    assert_eq!(of(&task, "init")["exitCode"], 7);
}

#[tokio::test]
async fn a_task_whose_container_waits_for_another_is_pending_and_stops_in_reverse() {
    let provider = container_with(
        "provider",
        json!({ "image": "simulated/health-after:30", "healthCheck": { "command": ["CMD", "true"], "interval": 5 } }),
    );
    let dependent = container_with(
        "dependent",
        json!({ "dependsOn": [{ "containerName": "provider", "condition": "HEALTHY" }] }),
    );
    let (world, arn) = begin(json!([provider, dependent])).await;
    world.pass(20).await;
    let task = world.task(&arn).await;
    assert_eq!((&task["lastStatus"], &task["version"]), (&json!("PENDING"), &json!(3)));
    assert_eq!(of(&task, "provider")["lastStatus"], "RUNNING");
    let waiting = of(&task, "dependent");
    assert_eq!(
        (&waiting["lastStatus"], waiting.get("runtimeId")),
        (&json!("PENDING"), None)
    );
    assert_eq!(task.get("pullStartedAt"), None, "not shown before the task runs");
    world.pass(40).await;
    stop(&world, &arn).await;
    world.pass(60).await;
    let stopping = ("RUNNING", "STOPPED");
    let way = [
        PROVISIONING,
        PENDING,
        PENDING,
        RUNNING,
        stopping,
        stopping,
        LEAVING,
        STOPPED,
    ];
    let details = check(&world, &way).await;
    assert_eq!(of(&details[2], "provider")["lastStatus"], "RUNNING");
    assert_eq!(of(&details[5], "dependent")["lastStatus"], "STOPPED");
    assert_eq!(of(&details[5], "provider")["lastStatus"], "RUNNING");
}

#[tokio::test]
async fn a_stop_while_a_container_waits_ends_it_silently() {
    let provider = container_with(
        "provider",
        json!({ "image": "simulated/health-after:300", "healthCheck": { "command": ["CMD", "true"], "interval": 5 } }),
    );
    let dependent = container_with(
        "dependent",
        json!({ "dependsOn": [{ "containerName": "provider", "condition": "HEALTHY" }] }),
    );
    let (world, arn) = begin(json!([provider, dependent])).await;
    world.pass(20).await;
    stop(&world, &arn).await;
    world.pass(60).await;
    check(
        &world,
        &[PROVISIONING, PENDING, PENDING, ("PENDING", "STOPPED"), LEAVING, STOPPED],
    )
    .await;
    let task = world.task(&arn).await;
    assert_eq!(
        (&task["stopCode"], task.get("startedAt")),
        (&json!("UserInitiated"), None)
    );
    let waiting = of(&task, "dependent");
    assert_eq!((waiting.get("exitCode"), waiting.get("reason")), (None, None));
    assert!(waiting["runtimeId"].is_string() && waiting["imageDigest"].is_string());
    assert_eq!(waiting.get("networkBindings"), None);
    assert!(of(&task, "provider")["exitCode"].is_number());
}

#[tokio::test]
async fn a_task_that_fails_to_start_has_one_version_less() {
    for image in ["simulated/fail-pull", "simulated/fail-create", "simulated/fail-start"] {
        let (world, arn) = begin(json!([container_with("main", json!({ "image": image }))])).await;
        world.pass(10).await;
        let details = check(&world, &[PROVISIONING, PENDING, LEAVING, STOPPED]).await;
        assert_eq!(details[2]["stopCode"], "TaskFailedToStart", "{image}");
        assert_eq!(details[2]["updatedAt"], details[2]["stoppingAt"], "{image}");
        let task = world.task(&arn).await;
        assert_eq!(
            (task.get("startedAt"), task["containers"][0].get("exitCode")),
            (None, None),
            "{image}"
        );
        assert!(task["pullStartedAt"].is_number(), "{image}");
        assert_eq!(task["connectivity"], "CONNECTED", "{image}");
    }
}

#[tokio::test]
async fn the_health_of_a_task_is_that_of_its_essential_containers_with_a_check() {
    let check = |after: &str| json!({ "image": format!("simulated/{after}"), "healthCheck": { "command": ["CMD", "true"], "interval": 5 } });
    let quick = container_with("quick", check("health-after:5"));
    let slow = container_with("slow", check("health-after:100"));
    let plain = container_with("plain", json!({}));
    let off = json!({ "healthCheck": { "command": ["NONE"] } });
    let (world, arn) = begin(json!([quick, slow, plain, container_with("off", off)])).await;
    let health = async |name: &str| {
        let task = world.task(&arn).await;
        (task["healthStatus"].clone(), of(&task, name)["healthStatus"].clone())
    };
    world.pass(40).await;
    assert_eq!(
        health("quick").await,
        (json!("UNKNOWN"), json!("HEALTHY")),
        "the slow one says nothing yet"
    );
    world.pass(100).await;
    assert_eq!(health("plain").await, (json!("HEALTHY"), json!("UNKNOWN")));
}

#[tokio::test]
async fn a_task_that_is_stopped_before_its_interface_is_made_ends_as_recorded() {
    let (world, arn) = begin(json!([container_with("main", json!({}))])).await;
    stop(&world, &arn).await;
    world.pass(10).await;
    check(&world, &[PROVISIONING, ("PROVISIONING", "STOPPED"), LEAVING, STOPPED]).await;
    let task = world.task(&arn).await;
    let attachment = &task["attachments"][0];
    assert_eq!(attachment["status"], "DELETED");
    let details = attachment["details"].as_array().unwrap();
    assert_eq!(
        details[1..],
        [
            json!({ "name": "networkInterfaceId", "value": "unset" }),
            json!({ "name": "macAddress" })
        ]
    );
    assert_eq!(
        task["containers"][0]["networkInterfaces"],
        json!([{ "attachmentId": attachment["id"] }])
    );
    for absent in ["executionStoppedAt", "pullStartedAt", "startedAt"] {
        assert_eq!(task.get(absent), None, "{absent}");
    }
    for absent in ["exitCode", "runtimeId", "imageDigest", "networkBindings"] {
        assert_eq!(task["containers"][0].get(absent), None, "{absent}");
    }
    assert_eq!(task["connectivity"], "CONNECTED");
}

#[tokio::test]
async fn a_task_has_the_architecture_that_its_definition_asks_for() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let mut arm = definition("web", json!([container_with("main", json!({}))]));
    arm["runtimePlatform"] = json!({ "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" });
    world.ecs("RegisterTaskDefinition", arm).await.ok();
    let subnet = world.subnet().await;
    let task = world.run_task(&subnet, json!({})).await;
    let expected = json!([{ "name": "ecs.cpu-architecture", "value": "arm64" }]);
    assert_eq!(task["attributes"], expected);
    assert_eq!(
        world.task(task["taskArn"].as_str().unwrap()).await["attributes"],
        expected
    );
}
