//! How long a service of 1,000 tasks takes to run, to be steady and to end, with simulated containers and interfaces.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    missing_docs,
    reason = "a program that measures may stop at the first error"
)]

#[path = "../tests/it/world.rs"]
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use roadstead::{Installation, Options, RootKeys};
use roadstead_containers::{Runtime, Simulated};
use roadstead_core::time::FakeClock;
use roadstead_core::{AccountId, Clock, Ids, Timestamp};
use roadstead_kernel::audit::AuditLog;
use roadstead_network::SimulatedNet;
use roadstead_store::Embedded;
use serde_json::{Value, json};

use crate::world::World;

const TASKS: i32 = 1_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let directory = std::env::temp_dir().join(format!("roadstead-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let world = world(&directory);
    world.cluster_and_definition().await;
    world.installation.start().await.unwrap();
    let clock = Arc::clone(&world.clock);
    let ticking = tokio::spawn(async move {
        let mut last = Instant::now();
        loop {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let now = Instant::now();
            clock.advance(now.duration_since(last));
            last = now;
        }
    });
    let shown = world.form("ec2", "DescribeSubnets", &[]).await.text;
    let subnets: Vec<&str> = shown
        .split("<subnetId>")
        .skip(1)
        .filter_map(|part| part.split('<').next())
        .collect();
    let create = json!({
        "cluster": "demo", "serviceName": "web", "taskDefinition": "web", "desiredCount": TASKS, "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": subnets } }
    });
    let begun = Instant::now();
    world.ecs("CreateService", create).await.ok();
    until(&world, |service| service["runningCount"] == TASKS).await;
    println!("{TASKS} tasks of a new service run after {:?}", begun.elapsed());
    until(&world, |service| {
        service["deployments"][0]["rolloutState"] == "COMPLETED"
    })
    .await;
    println!("its deployment is completed after {:?}", begun.elapsed());
    let begun = Instant::now();
    scale(&world, 0).await;
    println!("the service is scaled to nothing after {:?}", begun.elapsed());
    ticking.abort();
    let _ = std::fs::remove_dir_all(&directory);
}

async fn scale(world: &World, to: i32) {
    let update = json!({ "cluster": "demo", "service": "web", "desiredCount": to });
    world.ecs("UpdateService", update).await.ok();
    until(world, |service| service["runningCount"] == to).await;
}

async fn until(world: &World, reached: impl Fn(&Value) -> bool) {
    let begun = Instant::now();
    loop {
        let ask = json!({ "cluster": "demo", "services": ["web"] });
        let seen = world.ecs("DescribeServices", ask).await.ok()["services"][0].clone();
        if reached(&seen) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{seen:#}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn world(directory: &std::path::Path) -> World {
    let clock = Arc::new(FakeClock::at(Timestamp::from_secs(1_795_500_000)));
    let engine = Arc::new(Simulated::new("bench", Arc::clone(&clock) as Arc<dyn Clock>));
    let ids = Ids::seeded(13);
    let keys = RootKeys {
        access_key_id: ids.access_key("AKIA"),
        secret_access_key: ids.secret_key(),
    };
    let options = Options {
        store: Arc::new(Embedded::open(directory.join("store")).unwrap()),
        account: AccountId::parse("000000000000").unwrap(),
        root: keys.clone(),
        master_key: ids.bytes(),
        audit: AuditLog::open(&directory.join("audit")).unwrap(),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        ids,
        runtime: Arc::clone(&engine) as Arc<dyn Runtime>,
        net: Some(Arc::new(SimulatedNet::new())),
    };
    World {
        installation: Arc::new(Installation::new(options).unwrap()),
        clock,
        engine,
        keys,
        region: "us-east-1",
        token: None,
    }
}
