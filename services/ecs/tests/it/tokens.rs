//! Client tokens of RunTask: what is kept of them, and for how long.

use std::time::Duration;

use roadstead_core::Clock as _;
use roadstead_store::Range;
use serde_json::{Value, json};

use crate::world::World;

const HOUR: Duration = Duration::from_secs(3600);

/// The stored values under keys that name client tokens.
async fn kept(world: &World) -> Vec<String> {
    let (entries, _) = world.installation.store().range(Range::all()).await.unwrap();
    let tokens = entries
        .iter()
        .filter(|entry| String::from_utf8_lossy(&entry.key).contains("ecs/client-token"));
    tokens
        .map(|entry| String::from_utf8_lossy(&entry.value).into_owned())
        .collect()
}

async fn run(world: &World, subnet: &str, token: &str) -> Value {
    world.run_task(subnet, json!({ "clientToken": token })).await["taskArn"].clone()
}

async fn purge(world: &World) -> usize {
    let now = world.clock.now();
    world.installation.ecs().purge_tokens(now).await.unwrap()
}

#[tokio::test]
async fn a_token_is_remembered_for_a_day_and_then_starts_another_task() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let first = run(&world, &subnet, "one").await;
    world.clock.advance(23 * HOUR);
    assert_eq!(run(&world, &subnet, "one").await, first);
    world.clock.advance(HOUR);
    let second = run(&world, &subnet, "one").await;
    assert_ne!(second, first);
    assert_eq!(run(&world, &subnet, "one").await, second, "it is remembered anew");
    world.clock.advance(23 * HOUR);
    assert_eq!(purge(&world).await, 0, "only its second use counts");
    assert_eq!(run(&world, &subnet, "one").await, second);
}

#[tokio::test]
async fn tokens_that_were_used_a_day_ago_leave_nothing_behind() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    for number in 0..120 {
        run(&world, &subnet, &format!("old-{number}")).await;
    }
    world.clock.advance(HOUR);
    let last = run(&world, &subnet, "new").await;
    assert_eq!(purge(&world).await, 0);
    world.clock.advance(23 * HOUR);
    assert_eq!(purge(&world).await, 120);
    assert_eq!(run(&world, &subnet, "new").await, last, "the newer one is still known");
    world.clock.advance(HOUR);
    assert_eq!(purge(&world).await, 1);
    assert_eq!(kept(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn of_a_request_with_a_token_only_a_digest_is_kept() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let secret = json!({ "containerOverrides": [{
        "name": "main", "environment": [{ "name": "PASSWORD", "value": "correct-horse" }]
    }] });
    let input = json!({ "clientToken": "one", "overrides": secret });
    let first = world.run_task(&subnet, input.clone()).await;
    let again = world.run_task(&subnet, input).await;
    assert_eq!(first["taskArn"], again["taskArn"]);
    let kept = kept(&world).await;
    assert!(kept.iter().any(|value| value.contains("\"request\"")), "{kept:?}");
    assert!(kept.iter().all(|value| !value.contains("correct-horse")), "{kept:?}");
}
