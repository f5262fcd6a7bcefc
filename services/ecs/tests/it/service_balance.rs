//! Services whose tasks are balanced over availability zones.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::services::Stage;

/// A service over two zones, made with more members.
async fn over_two_zones(desired: i32, more: Value) -> Stage {
    let stage = Stage::new().await;
    let found = stage.world.form("ec2", "DescribeSubnets", &[]).await.text;
    let subnets: Vec<&str> = found
        .split("<subnetId>")
        .skip(1)
        .map(|rest| rest.split_once("</subnetId>").unwrap().0)
        .take(2)
        .collect();
    let mut given = json!({ "networkConfiguration": { "awsvpcConfiguration": { "subnets": subnets } } });
    for (name, value) in more.as_object().unwrap() {
        given[name] = value.clone();
    }
    stage.create(desired, given).await;
    stage.world.settle().await;
    stage.world.pass(10).await;
    stage
}

/// The service's tasks that shall run, by zone.
async fn by_zone(stage: &Stage) -> BTreeMap<String, Vec<String>> {
    let mut zones: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for arn in stage.tasks("RUNNING").await {
        let task = stage.world.task(&arn).await;
        zones
            .entry(task["availabilityZone"].as_str().unwrap().to_owned())
            .or_default()
            .push(arn);
    }
    zones
}

/// Leaves two tasks, both in one zone: those of the other are stopped, and their young replacements are the first to go.
async fn crowd_one_zone(stage: &Stage) {
    let zones = by_zone(stage).await;
    assert_eq!(zones.values().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
    for task in zones.values().next_back().unwrap() {
        let stop = json!({ "cluster": "demo", "task": task });
        stage.world.ecs("StopTask", stop).await.ok();
    }
    stage.world.pass(1).await;
    stage.update(json!({ "desiredCount": 2 })).await;
    stage.world.settle().await;
}

#[tokio::test]
async fn tasks_that_are_crowded_in_one_zone_are_moved_and_that_is_said() {
    let stage = over_two_zones(4, json!({})).await;
    crowd_one_zone(&stage).await;
    stage.world.pass(60).await;
    let zones = by_zone(&stage).await;
    assert_eq!(zones.values().map(Vec::len).collect::<Vec<_>>(), [1, 1], "{zones:?}");
    let said = stage.said().await;
    let about: Vec<String> = said
        .iter()
        .filter(|message| message.contains("AZ"))
        .map(|message| message.split_inclusive(": ").next().unwrap().trim_end().to_owned())
        .collect();
    assert_eq!(
        about,
        [
            "service (web) is not AZ balanced with 2 tasks in us-east-1a and 0 in us-east-1b. AZ Rebalancing in progress.",
            "web has started 1 tasks in us-east-1b to AZ Rebalance:",
            "web has stopped 1 running tasks in us-east-1a due to AZ rebalancing:",
            "service (web) is AZ balanced with 1 tasks in us-east-1a and 1 tasks in us-east-1b.",
        ]
    );
    assert_eq!(said.last().unwrap(), "(service web) has reached a steady state.");
    stage.world.pass(120).await;
    assert_eq!(stage.said().await.len(), said.len(), "what is balanced stays quiet");
}

#[tokio::test]
async fn a_service_that_is_not_to_be_balanced_stays_as_it_is() {
    let stage = over_two_zones(4, json!({ "availabilityZoneRebalancing": "DISABLED" })).await;
    crowd_one_zone(&stage).await;
    stage.world.pass(60).await;
    assert_eq!(by_zone(&stage).await.values().map(Vec::len).collect::<Vec<_>>(), [2]);
    stage.update(json!({ "availabilityZoneRebalancing": "ENABLED" })).await;
    stage.world.pass(60).await;
    let zones = by_zone(&stage).await;
    assert_eq!(
        zones.values().map(Vec::len).collect::<Vec<_>>(),
        [1, 1],
        "it is balanced from then on"
    );
}
