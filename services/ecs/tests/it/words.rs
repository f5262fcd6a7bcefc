//! Words that are none of an enum, and lists that are missing: refused in ECS's own words, and in its order of checks.

use serde_json::{Value, json};

use crate::world::World;

/// Calls an operation and compares code and message.
async fn check(world: &World, operation: &str, input: Value, code: &str, message: &str) {
    let error = world.ecs(operation, input.clone()).await.error();
    assert_eq!(error, (code.to_owned(), message.to_owned()), "{operation} {input}");
}

#[tokio::test]
async fn an_unknown_launch_type_is_refused_by_each_operation_in_its_way() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let all = "launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]";
    for operation in ["ListServices", "ListTasks"] {
        let input = json!({ "cluster": "demo", "launchType": "BOGUS" });
        check(&world, operation, input, "InvalidParameterException", all).await;
    }
    let network = json!({ "awsvpcConfiguration": { "subnets": [subnet] } });
    let run = json!({
        "cluster": "demo", "taskDefinition": "web", "launchType": "BOGUS", "networkConfiguration": network,
    });
    check(&world, "RunTask", run, "InvalidParameterException", all).await;
    let few = "launch type should be one of [EC2,FARGATE]";
    let service = json!({
        "cluster": "demo", "serviceName": "s", "taskDefinition": "web", "desiredCount": 0, "launchType": "BOGUS",
        "networkConfiguration": network,
    });
    check(&world, "CreateService", service, "ClientException", few).await;
    let external = json!({
        "cluster": "demo", "serviceName": "s", "desiredCount": 0, "launchType": "BOGUS",
        "deploymentController": { "type": "EXTERNAL" },
    });
    check(&world, "CreateService", external, "ClientException", few).await;
}

#[tokio::test]
async fn a_cluster_is_looked_for_before_its_settings_are_read() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let bad = |cluster: &str| json!({ "cluster": cluster, "settings": [{ "name": "BOGUS", "value": "enabled" }] });
    for operation in ["UpdateClusterSettings", "UpdateCluster"] {
        check(
            &world,
            operation,
            bad("nobody"),
            "ClusterNotFoundException",
            "Cluster not found.",
        )
        .await;
        let message = "Cluster setting name should be one of [containerInsights]";
        check(&world, operation, bad("demo"), "InvalidParameterException", message).await;
    }
    let value = json!({ "cluster": "demo", "settings": [{ "name": "containerInsights", "value": "BOGUS" }] });
    let message = "Invalid setting 'value'";
    check(
        &world,
        "UpdateClusterSettings",
        value,
        "InvalidParameterException",
        message,
    )
    .await;
}

#[tokio::test]
async fn an_absent_list_is_refused_like_an_empty_one() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    for (operation, member, code, message) in [
        (
            "DescribeTasks",
            "tasks",
            "InvalidParameterException",
            "Tasks cannot be empty.",
        ),
        (
            "DescribeServices",
            "services",
            "InvalidParameterException",
            "Services cannot be empty.",
        ),
        (
            "DescribeContainerInstances",
            "containerInstances",
            "ClientException",
            "Container Instances cannot be empty.",
        ),
        (
            "UpdateContainerInstancesState",
            "containerInstances",
            "ClientException",
            "Container Instances cannot be empty.",
        ),
    ] {
        let with = json!({ "cluster": "demo", "status": "DRAINING", member: [] });
        check(&world, operation, with, code, message).await;
        let without = json!({ "cluster": "demo", "status": "DRAINING" });
        check(&world, operation, without, code, message).await;
    }
    let message = "The Service ARN provided is invalid.";
    check(
        &world,
        "DescribeServiceRevisions",
        json!({}),
        "InvalidParameterException",
        message,
    )
    .await;
    let message = "Size of TaskDefinition references list must be greater than 0";
    check(
        &world,
        "DeleteTaskDefinitions",
        json!({}),
        "InvalidParameterException",
        message,
    )
    .await;
}

#[tokio::test]
async fn every_other_enum_names_the_words_it_takes() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    for (operation, input, message) in [
        (
            "DescribeTasks",
            json!({ "cluster": "demo", "tasks": ["a"], "include": ["BOGUS"] }),
            "include should be one of [TAGS]",
        ),
        (
            "ListTasks",
            json!({ "cluster": "demo", "desiredStatus": "BOGUS" }),
            "desired status should be one of [RUNNING,PENDING,STOPPED]",
        ),
        (
            "ListContainerInstances",
            json!({ "cluster": "demo", "status": "BOGUS" }),
            "Container instance status should be one of [ACTIVE, DRAINING, REGISTERING, DEREGISTERING, REGISTRATION_FAILED]",
        ),
        (
            "ListServices",
            json!({ "cluster": "demo", "schedulingStrategy": "BOGUS" }),
            "Scheduling strategy should be one of [REPLICA,DAEMON]",
        ),
    ] {
        check(&world, operation, input, "InvalidParameterException", message).await;
    }
}
