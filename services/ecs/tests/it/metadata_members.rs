//! Members of metadata that depend on what a container or its host has: health, volumes, restarts, disk, pause containers.

use std::sync::Arc;

use roadstead_containers::Runtime as _;
use roadstead_metadata::{Form, Source, Target};
use serde_json::{Value, json};

use crate::metadata::Inside;
use crate::world::{World, between, container, container_with, definition};

/// Registers a definition `web`, with more members, and runs a task of it.
async fn run(world: &World, containers: Value, more: Value) -> String {
    let subnet = world.cluster_and_definition().await;
    let mut made = definition("web", containers);
    made.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.ecs("RegisterTaskDefinition", made).await.ok();
    let task = world.run_task(&subnet, json!({})).await;
    world.pass(3).await;
    task["taskArn"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn health_is_told_with_its_beginning_and_what_the_check_said() {
    let world = World::new();
    let checked = json!({ "healthCheck": { "command": ["CMD", "true"], "interval": 5 },
        "environment": [{ "name": "SIMULATED", "value": "health-after:20,unhealthy-after:60" }] });
    let arn = run(
        &world,
        json!([container_with("main", checked), container("side")]),
        json!({}),
    )
    .await;
    let inside = Inside::of(&world, &arn, "main").await;
    let told = inside.container(Form::V4).await;
    assert_eq!(told["Health"], json!({}), "no status while it is unknown");
    world.pass(35).await;
    let healthy = inside.container(Form::V4).await["Health"].clone();
    let since = healthy["statusSince"].as_str().unwrap().to_owned();
    assert_eq!(
        healthy,
        json!({ "status": "HEALTHY", "statusSince": since }),
        "no exit code of zero, no empty output"
    );
    world.pass(30).await;
    let sick = inside.container(Form::V3).await["Health"].clone();
    assert_eq!((&sick["status"], &sick["exitCode"]), (&json!("UNHEALTHY"), &json!(1)));
    assert!(sick["statusSince"].as_str().unwrap() > since.as_str(), "{sick}");
    let side = Inside::of(&world, &arn, "side").await.container(Form::V4).await;
    assert!(side.get("Health").is_none(), "only with a check");
}

#[tokio::test]
async fn volumes_and_restarts_are_told_where_there_are_any() {
    let world = World::new();
    let more = json!({
        "mountPoints": [{ "sourceVolume": "data", "containerPath": "/data" }],
        "restartPolicy": { "enabled": true, "restartAttemptPeriod": 60 },
    });
    let volumes = json!({ "volumes": [{ "name": "data" }] });
    let arn = run(
        &world,
        json!([container_with("main", more), container("side")]),
        volumes,
    )
    .await;
    let inside = Inside::of(&world, &arn, "main").await;
    let told = inside.container(Form::V4).await;
    let name = told["Volumes"][0]["DockerName"].as_str().unwrap().to_owned();
    assert!(name.starts_with("ecs-web-2-data-"), "{name}");
    let expected = json!([{ "DockerName": name, "Source": format!("/volumes/{name}"), "Destination": "/data" }]);
    assert_eq!((&told["Volumes"], &told["RestartCount"]), (&expected, &json!(0)));
    world.pass(70).await;
    world.engine.exit(&inside.id, 1).unwrap();
    world.pass(31).await;
    assert_eq!(inside.container(Form::V4).await["RestartCount"], 1);
    let third = inside.container(Form::V3).await;
    assert_eq!(third["Volumes"], expected);
    assert!(third.get("RestartCount").is_none());
    let side = Inside::of(&world, &arn, "side").await.container(Form::V4).await;
    assert!(
        side.get("Volumes").is_none() && side.get("RestartCount").is_none(),
        "{side}"
    );
}

#[tokio::test]
async fn disk_is_told_with_what_is_set_aside_for_it_and_faults_where_they_are_allowed() {
    let world = World::new();
    let more = json!({ "ephemeralStorage": { "sizeInGiB": 30 }, "enableFaultInjection": true });
    let arn = run(&world, json!([container("main"), container("side")]), more).await;
    let inside = Inside::of(&world, &arn, "main").await;
    let told = inside.task(Form::V4, false).await;
    // Both have one image of 5 MiB.
    assert_eq!(
        told["EphemeralStorageMetrics"],
        json!({ "Utilized": 5, "Reserved": 30736 })
    );
    assert_eq!(told["FaultInjectionEnabled"], true);
    let third = inside.task(Form::V3, false).await;
    for member in ["EphemeralStorageMetrics", "ClockDrift", "FaultInjectionEnabled"] {
        assert!(third.get(member).is_none(), "{member}");
    }
}

#[tokio::test]
async fn on_an_instance_the_pause_container_and_the_instances_tags_are_told() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let shown = world
        .form("ec2", "DescribeSubnets", &[("SubnetId.1", &subnet)])
        .await
        .text;
    let zone = between(&shown, "<availabilityZone>", "</availabilityZone>");
    let instance = world.instance(1000, 1000, &zone).await;
    let tags = json!([{ "key": "rack", "value": "7" }]);
    world
        .ecs("TagResource", json!({ "resourceArn": instance, "tags": tags }))
        .await
        .ok();
    let containers = json!([container_with("main", json!({ "memory": 100 }))]);
    let input = json!({ "family": "own", "networkMode": "awsvpc", "containerDefinitions": containers });
    world.ecs("RegisterTaskDefinition", input).await.ok();
    let input = json!({ "cluster": "demo", "taskDefinition": "own", "launchType": "EC2",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": [subnet] } } });
    let arn = world.ecs("RunTask", input).await.ok()["tasks"][0]["taskArn"]
        .as_str()
        .unwrap()
        .to_owned();
    world.pass(3).await;
    let inside = Inside::of(&world, &arn, "main").await;
    let told = inside.task(Form::V4, true).await;
    assert_eq!(told["ContainerInstanceTags"], json!({ "rack": "7" }));
    assert!(
        told.get("TaskTags").is_none() && told.get("EphemeralStorageMetrics").is_none(),
        "{told}"
    );
    assert!(
        told.get("ClockDrift").is_none() && told.get("Group").is_none(),
        "{told}"
    );
    let containers = told["Containers"].as_array().unwrap();
    let pause = containers.iter().find(|c| c["Type"] == "CNI_PAUSE").unwrap();
    assert_eq!(containers.len(), 2);
    assert_eq!(pause["Name"], "~internal~ecs~pause");
    assert_eq!(pause["KnownStatus"], "RESOURCES_PROVISIONED");
    assert_eq!(pause["Limits"], json!({ "CPU": 2, "Memory": 0 }));
    let main = &containers[0];
    assert_eq!(pause["Networks"], main["Networks"]);
    assert_eq!(main["Limits"], json!({ "CPU": 2, "Memory": 100 }));
    assert_eq!(main["LogDriver"], "json-file");
    let labels = pause["Labels"].as_object().unwrap();
    assert_eq!(labels["com.amazonaws.ecs.container-name"], "~internal~ecs~pause");
    assert_eq!(
        (labels.len(), &labels["com.amazonaws.ecs.cluster"]),
        (5, &json!("demo"))
    );
    let source: &Arc<dyn Source> = &inside.source;
    let own = source.task(Target::Own, Form::V2, true).await.unwrap();
    assert_eq!(own["ContainerInstanceTags"], json!({ "rack": "7" }));
    let engine = world.engine.inspect(&inside.id).await.unwrap();
    assert_eq!(main["DockerName"], engine.name);
    let digits: String = arn.rsplit('/').next().unwrap().chars().take(20).collect();
    assert_eq!(engine.name, format!("ecs-own-1-main-{digits}"));
    assert_eq!(pause["DockerName"], format!("ecs-own-1-internalecspause-{digits}"));
}
