//! How long a service of 1,000 tasks takes; run by hand in a release build: `cargo test --release -p roadstead-ecs --test it
//! -- --ignored --nocapture thousand`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::services::Stage;

const TASKS: i32 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures time; meant for a release build on a quiet machine"]
async fn a_service_of_a_thousand_tasks_runs_within_two_seconds() {
    let stage = Stage::new().await;
    stage.world.installation.start().await.unwrap();
    let clock = Arc::clone(&stage.world.clock);
    let ticking = tokio::spawn(async move {
        let mut last = Instant::now();
        loop {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let now = Instant::now();
            clock.advance(now.duration_since(last));
            last = now;
        }
    });
    let shown = stage.world.form("ec2", "DescribeSubnets", &[]).await.text;
    let subnets: Vec<&str> = shown
        .split("<subnetId>")
        .skip(1)
        .filter_map(|part| part.split('<').next())
        .collect();
    let network = json!({ "awsvpcConfiguration": { "subnets": subnets } });
    let begun = Instant::now();
    stage.create(TASKS, json!({ "networkConfiguration": network })).await;
    let until = async |what: &str, reached: &dyn Fn(&serde_json::Value) -> bool| {
        loop {
            let seen = stage.service().await;
            if reached(&seen) {
                let (looks, failures) = stage.world.installation.services.counts();
                let (tasks, _) = stage.world.installation.tasks.counts();
                println!(
                    "{what} after {:?}: {looks} looks at services ({failures} failed), {tasks} at tasks",
                    begun.elapsed()
                );
                return begun.elapsed();
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}: {seen:#}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let running = until("all run", &|seen| seen["runningCount"] == TASKS).await;
    until("deployment completed", &|seen| {
        seen["deployments"][0]["rolloutState"] == "COMPLETED"
    })
    .await;
    let begun = Instant::now();
    stage.update(json!({ "desiredCount": 0 })).await;
    while stage.service().await["runningCount"] != 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("scaled to nothing after {:?}", begun.elapsed());
    ticking.abort();
    assert!(running < Duration::from_secs(2), "{running:?}");
}
