//! Rules that fire by the clock.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{World, arn};

async fn scheduled(world: &World, schedule: &str) {
    let group = world.group("/aws/events/clock").await;
    world
        .events("PutRule", json!({ "Name": "r", "ScheduleExpression": schedule }))
        .await
        .ok();
    let put = json!({ "Rule": "r", "Targets": [{ "Id": "log", "Arn": group }] });
    world.events("PutTargets", put).await.ok();
    world.settle().await;
}

/// The times of the events that arrived.
async fn times(world: &World) -> Vec<String> {
    let messages = world.messages("/aws/events/clock").await;
    let read = |message: &String| {
        serde_json::from_str::<Value>(message).unwrap()["time"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    messages.iter().map(read).collect()
}

#[tokio::test]
async fn a_rate_fires_again_and_again_without_drift() {
    let world = World::new();
    scheduled(&world, "rate(1 minute)").await;
    world.pass(59).await;
    assert_eq!(times(&world).await.len(), 0);
    world.pass(121).await;
    assert_eq!(
        times(&world).await,
        ["2026-11-24T06:01:00Z", "2026-11-24T06:02:00Z", "2026-11-24T06:03:00Z"]
    );
    let message: Value = serde_json::from_str(&world.messages("/aws/events/clock").await[0]).unwrap();
    let expected = json!({
        "version": "0", "id": message["id"], "detail-type": "Scheduled Event", "source": "aws.events",
        "account": "000000000000", "time": "2026-11-24T06:01:00Z", "region": "us-east-1",
        "resources": [arn("events", "rule/r")], "detail": {}
    });
    assert_eq!(message, expected);
}

#[tokio::test]
async fn a_cron_rule_fires_at_its_minutes() {
    let world = World::new();
    scheduled(&world, "cron(0/2 6 * * ? *)").await;
    world.pass(250).await;
    assert_eq!(times(&world).await, ["2026-11-24T06:02:00Z", "2026-11-24T06:04:00Z"]);
}

#[tokio::test]
async fn a_disabled_or_deleted_rule_fires_no_more() {
    let world = World::new();
    scheduled(&world, "rate(1 minute)").await;
    world.pass(61).await;
    world.events("DisableRule", json!({ "Name": "r" })).await.ok();
    world.pass(90).await;
    assert_eq!(times(&world).await, ["2026-11-24T06:01:00Z"]);
    // Enabled again, the rate counts from then: 06:02:31.
    world.events("EnableRule", json!({ "Name": "r" })).await.ok();
    world.pass(61).await;
    assert_eq!(times(&world).await, ["2026-11-24T06:01:00Z", "2026-11-24T06:03:31Z"]);
    world
        .events("RemoveTargets", json!({ "Rule": "r", "Ids": ["log"] }))
        .await
        .ok();
    world.events("DeleteRule", json!({ "Name": "r" })).await.ok();
    world.pass(120).await;
    assert_eq!(times(&world).await.len(), 2);
}

#[tokio::test]
async fn a_changed_schedule_counts_and_other_changes_do_not_disturb_it() {
    let world = World::new();
    scheduled(&world, "rate(1 minute)").await;
    world.pass(30).await;
    let described = json!({ "Name": "r", "ScheduleExpression": "rate(1 minute)", "Description": "still the same" });
    world.events("PutRule", described).await.ok();
    world.pass(31).await;
    assert_eq!(times(&world).await, ["2026-11-24T06:01:00Z"]);
    world
        .events(
            "PutRule",
            json!({ "Name": "r", "ScheduleExpression": "rate(2 minutes)" }),
        )
        .await
        .ok();
    world.pass(119).await;
    assert_eq!(times(&world).await.len(), 1);
    world.pass(2).await;
    assert_eq!(times(&world).await, ["2026-11-24T06:01:00Z", "2026-11-24T06:03:01Z"]);
}

#[tokio::test]
async fn what_was_due_while_nobody_looked_fires_at_most_once() {
    let world = World::new();
    scheduled(&world, "rate(1 minute)").await;
    // A server that was held up for an hour.
    world.clock.advance(Duration::from_secs(3600 + 10));
    world.settle().await;
    assert_eq!(times(&world).await, ["2026-11-24T06:01:00Z"]);
    world.pass(50).await;
    assert_eq!(times(&world).await, ["2026-11-24T06:01:00Z", "2026-11-24T07:01:00Z"]);
    // A server that starts anew: what was due before is over.
    let next = roadstead_events::Events::new(std::sync::Arc::clone(world.installation.store()));
    let control = next.start(&world.installation.kernel);
    world.clock.advance(Duration::from_secs(3600));
    next.resume().await.unwrap();
    control.timers.settle().await;
    control.deliveries.settle().await;
    assert_eq!(times(&world).await.len(), 2);
    world.clock.advance(Duration::from_secs(60));
    control.timers.settle().await;
    control.deliveries.settle().await;
    assert_eq!(times(&world).await.last().unwrap(), "2026-11-24T08:02:00Z");
}
