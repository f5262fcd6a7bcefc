//! Capacity providers and strategies: made, associated with clusters, and followed by tasks and services.

use std::collections::BTreeMap;
use std::sync::Arc;

use api_ecs::AutoScalingGroupProvider;
use roadstead_core::{AccountId, Region, Tags, Timestamp};
use roadstead_ecs::records::{CapacityProvider, Document};
use roadstead_store::{Scope, Table};
use serde_json::{Value, json};

use crate::services::Stage;
use crate::world::World;

const GROUP: &str = "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:9f6ac7ba-bb6e-4d0e-9c0a-2d0a3a9a6a5b:autoScalingGroupName/fleet";

/// Puts a provider of an Auto Scaling group into the store, as CreateCapacityProvider would where the group exists.
async fn provide(world: &World, name: &str) {
    let table: Table<CapacityProvider> = Table::new(Arc::clone(world.installation.store()));
    let (account, region) = (AccountId::parse("000000000000").unwrap(), Region::US_EAST_1);
    let provider = CapacityProvider {
        name: name.to_owned(),
        group: Document(AutoScalingGroupProvider {
            auto_scaling_group_arn: GROUP.to_owned(),
            ..AutoScalingGroupProvider::default()
        }),
        created_at: Timestamp::from_secs(1),
        updated: false,
        tags: Tags::new(),
    };
    let scope = Scope::new(account.as_str(), region.as_str());
    table.put_new(scope, &[name], &provider).await.unwrap();
}

async fn put(world: &World, providers: Value, strategy: Value) -> Value {
    let input =
        json!({ "cluster": "demo", "capacityProviders": providers, "defaultCapacityProviderStrategy": strategy });
    world.ecs("PutClusterCapacityProviders", input).await.ok()["cluster"].clone()
}

async fn put_refused(world: &World, providers: Value, strategy: Value) -> (String, String) {
    let input =
        json!({ "cluster": "demo", "capacityProviders": providers, "defaultCapacityProviderStrategy": strategy });
    world.ecs("PutClusterCapacityProviders", input).await.error()
}

fn providers_of(tasks: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for task in tasks {
        assert_eq!(task["launchType"], "FARGATE");
        *counts
            .entry(task["capacityProviderName"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn fargate_is_there_and_unknown_providers_are_failures() {
    let world = World::new();
    let asked = json!({ "capacityProviders": ["FARGATE", "arn:aws:ecs:us-east-1:000000000000:capacity-provider/x"] });
    let answer = world.ecs("DescribeCapacityProviders", asked).await.ok();
    assert_eq!(
        answer["capacityProviders"],
        json!([{
            "capacityProviderArn": "arn:aws:ecs:us-east-1:000000000000:capacity-provider/FARGATE",
            "name": "FARGATE", "status": "ACTIVE", "tags": [], "type": "FARGATE"
        }])
    );
    let missing = json!([{ "arn": "arn:aws:ecs:us-east-1:000000000000:capacity-provider/x", "reason": "MISSING" }]);
    assert_eq!(answer["failures"], missing);
}

#[tokio::test]
async fn a_provider_needs_a_name_of_its_own_and_a_group_that_exists() {
    let world = World::new();
    world.ecs("CreateCluster", json!({})).await.ok();
    let check = async |name: &str, group: Value, code: &str| {
        let input = json!({ "name": name, "autoScalingGroupProvider": group });
        let (refused, message) = world.ecs("CreateCapacityProvider", input).await.error();
        assert_eq!(refused, code, "{name}: {message}");
    };
    check(
        "ecs-mine",
        json!({ "autoScalingGroupArn": GROUP }),
        "InvalidParameterException",
    )
    .await;
    check(
        "mi ne",
        json!({ "autoScalingGroupArn": GROUP }),
        "InvalidParameterException",
    )
    .await;
    let wide =
        json!({ "autoScalingGroupArn": GROUP, "managedScaling": { "status": "ENABLED", "targetCapacity": 101 } });
    check("mine", wide, "InvalidParameterException").await;
    let protected = json!({ "autoScalingGroupArn": GROUP, "managedTerminationProtection": "ENABLED" });
    check("mine", protected, "ClientException").await;
    check("mine", json!({ "autoScalingGroupArn": GROUP }), "ClientException").await;
    let asked = world.ecs("DescribeCapacityProviders", json!({})).await.ok();
    assert_eq!(
        asked["capacityProviders"].as_array().unwrap().len(),
        2,
        "nothing was made"
    );
}

#[tokio::test]
async fn a_provider_is_changed_tagged_associated_and_deleted_only_when_nothing_has_it() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    provide(&world, "fleet").await;
    let scaling = json!({ "managedScaling": { "status": "ENABLED", "targetCapacity": 80, "instanceWarmupPeriod": 0 } });
    let changed = world
        .ecs(
            "UpdateCapacityProvider",
            json!({ "name": "fleet", "autoScalingGroupProvider": scaling }),
        )
        .await
        .ok()["capacityProvider"]
        .clone();
    assert_eq!(changed["updateStatus"], "UPDATE_IN_PROGRESS");
    assert_eq!(
        changed["autoScalingGroupProvider"],
        json!({
            "autoScalingGroupArn": GROUP,
            "managedScaling": {
                "status": "ENABLED", "targetCapacity": 80, "minimumScalingStepSize": 1,
                "maximumScalingStepSize": 10000, "instanceWarmupPeriod": 0
            },
            "managedTerminationProtection": "DISABLED", "managedDraining": "ENABLED"
        })
    );
    let arn = changed["capacityProviderArn"].as_str().unwrap();
    let tags = json!([{ "key": "team", "value": "red" }]);
    world
        .ecs("TagResource", json!({ "resourceArn": arn, "tags": tags }))
        .await
        .ok();
    let asked = json!({ "capacityProviders": ["fleet"], "include": ["TAGS"] });
    let seen = world.ecs("DescribeCapacityProviders", asked).await.ok()["capacityProviders"][0].clone();
    assert_eq!(
        (&seen["updateStatus"], &seen["tags"]),
        (&json!("UPDATE_COMPLETE"), &tags)
    );
    put(&world, json!(["fleet"]), json!([])).await;
    let delete = json!({ "capacityProvider": "fleet" });
    assert_eq!(
        world.ecs("DeleteCapacityProvider", delete.clone()).await.error().0,
        "ClientException"
    );
    put(&world, json!([]), json!([])).await;
    let deleted = world.ecs("DeleteCapacityProvider", delete.clone()).await.ok();
    assert_eq!(deleted["capacityProvider"]["updateStatus"], "DELETE_IN_PROGRESS");
    assert_eq!(
        world.ecs("DeleteCapacityProvider", delete).await.error().1,
        "The specified capacity provider was not found. Specify a valid name or ARN and try again."
    );
    for operation in ["DeleteCapacityProvider", "UpdateCapacityProvider"] {
        let input = json!({ "capacityProvider": "FARGATE", "name": "FARGATE", "autoScalingGroupProvider": {} });
        let refused = world.ecs(operation, input).await.error();
        assert_eq!(refused.0, "InvalidParameterException");
        assert!(refused.1.contains("reserved"), "{}", refused.1);
    }
}

#[tokio::test]
async fn with_a_cluster_only_its_own_providers_are_described() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    put(&world, json!(["FARGATE_SPOT"]), json!([])).await;
    let names = |answer: &Value| {
        let all = answer["capacityProviders"].as_array().unwrap().clone();
        all.into_iter().map(|one| one["name"].clone()).collect::<Vec<_>>()
    };
    let all = json!({ "cluster": "demo" });
    let answer = world.ecs("DescribeCapacityProviders", all).await.ok();
    assert_eq!(names(&answer), ["FARGATE_SPOT"]);
    let asked = json!({ "cluster": "demo", "capacityProviders": ["FARGATE", "FARGATE_SPOT"] });
    let answer = world.ecs("DescribeCapacityProviders", asked).await.ok();
    assert_eq!(names(&answer), ["FARGATE_SPOT"]);
    let arn = "arn:aws:ecs:us-east-1:000000000000:capacity-provider/FARGATE";
    assert_eq!(answer["failures"], json!([{ "arn": arn, "reason": "MISSING" }]));
}

#[tokio::test]
async fn a_clusters_providers_are_replaced_as_a_whole() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let strategy = json!([{ "capacityProvider": "FARGATE", "weight": 1 }]);
    let cluster = put(&world, json!(["FARGATE", "FARGATE_SPOT"]), strategy).await;
    assert_eq!(cluster["capacityProviders"], json!(["FARGATE", "FARGATE_SPOT"]));
    assert_eq!(
        cluster["defaultCapacityProviderStrategy"],
        json!([{ "capacityProvider": "FARGATE", "weight": 1, "base": 0 }])
    );
    assert_eq!(
        (&cluster["attachments"], &cluster["attachmentsStatus"]),
        (&json!([]), &json!("UPDATE_IN_PROGRESS"))
    );
    let asked = json!({ "clusters": ["demo"], "include": ["ATTACHMENTS"] });
    let seen = world.ecs("DescribeClusters", asked).await.ok()["clusters"][0].clone();
    assert_eq!(seen["attachmentsStatus"], "UPDATE_COMPLETE");
    let cluster = put(&world, json!([]), json!([])).await;
    assert_eq!(cluster["capacityProviders"], json!([]));
    assert_eq!(cluster["defaultCapacityProviderStrategy"], json!([]));
}

#[tokio::test]
async fn wrong_providers_and_strategies_are_refused_in_awss_words() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    provide(&world, "fleet").await;
    let of = |name: &str, base: i32, weight: i32| json!({ "capacityProvider": name, "base": base, "weight": weight });
    let check = async |providers: Value, strategy: Value, begins: &str| {
        let (code, message) = put_refused(&world, providers, strategy).await;
        assert_eq!(code, "InvalidParameterException");
        assert!(message.starts_with(begins), "{message}");
    };
    check(
        json!(["none"]),
        json!([]),
        "The specified capacity provider was not found.",
    )
    .await;
    let many: Vec<String> = (0..21).map(|at| format!("p{at}")).collect();
    check(
        json!(many),
        json!([]),
        "The maximum number of capacity providers per cluster has been exceeded.",
    )
    .await;
    check(
        json!(["FARGATE"]),
        json!([of("FARGATE_SPOT", 0, 1)]),
        "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster.",
    )
    .await;
    check(
        json!(["FARGATE", "fleet"]),
        json!([of("FARGATE", 0, 1), of("fleet", 0, 1)]),
        "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers. Specify one or the other and try again.",
    )
    .await;
    check(
        json!(["FARGATE", "FARGATE_SPOT"]),
        json!([of("FARGATE", 1, 1), of("FARGATE_SPOT", 1, 1)]),
        "A capacity provider strategy cannot contain more than one capacity provider with a base value.",
    )
    .await;
}

#[tokio::test]
async fn the_tasks_of_a_call_are_shared_as_the_strategy_says() {
    let stage = Stage::new().await;
    let world = &stage.world;
    put(world, json!(["FARGATE", "FARGATE_SPOT"]), json!([])).await;
    let run = |strategy: Value| {
        json!({
            "cluster": "demo", "taskDefinition": "web", "count": 10, "capacityProviderStrategy": strategy,
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": [stage.subnet] } }
        })
    };
    let both = json!([
        { "capacityProvider": "FARGATE", "base": 2, "weight": 1 },
        { "capacityProvider": "FARGATE_SPOT", "weight": 3 }
    ]);
    let answer = world.ecs("RunTask", run(both)).await.ok();
    let counts = providers_of(answer["tasks"].as_array().unwrap());
    assert_eq!(
        counts,
        BTreeMap::from([("FARGATE".to_owned(), 4), ("FARGATE_SPOT".to_owned(), 6)])
    );
    let answer = world
        .ecs("RunTask", run(json!([{ "capacityProvider": "FARGATE_SPOT" }])))
        .await
        .ok();
    let counts = providers_of(answer["tasks"].as_array().unwrap());
    assert_eq!(counts, BTreeMap::from([("FARGATE_SPOT".to_owned(), 10)]));
    let idle =
        json!([{ "capacityProvider": "FARGATE", "weight": 0 }, { "capacityProvider": "FARGATE_SPOT", "weight": 0 }]);
    let refused = world.ecs("RunTask", run(idle)).await.error();
    assert!(
        refused
            .1
            .starts_with("There are no capacity providers with a weight value greater than zero")
    );
}

#[tokio::test]
async fn a_service_follows_the_clusters_strategy_and_keeps_its_provider_in_use() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let strategy = json!([
        { "capacityProvider": "FARGATE", "base": 1, "weight": 0 },
        { "capacityProvider": "FARGATE_SPOT", "weight": 1 }
    ]);
    put(world, json!(["FARGATE", "FARGATE_SPOT"]), strategy).await;
    let made = stage.create(4, json!({ "launchType": null })).await;
    assert!(made.get("launchType").is_none());
    assert_eq!(made["capacityProviderStrategy"].as_array().unwrap().len(), 2);
    world.settle().await;
    let mut tasks = Vec::new();
    for arn in stage.tasks("RUNNING").await {
        tasks.push(world.task(&arn).await);
    }
    let wanted = BTreeMap::from([("FARGATE".to_owned(), 1), ("FARGATE_SPOT".to_owned(), 3)]);
    assert_eq!(providers_of(&tasks), wanted);
    let refused = put_refused(world, json!(["FARGATE"]), json!([])).await;
    assert_eq!(refused.0, "ResourceInUseException");
    assert_eq!(
        refused.1,
        "The specified capacity provider is in use and cannot be removed."
    );
}
