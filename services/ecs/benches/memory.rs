//! How much memory a task takes in the server, and whether starting one costs the same however many there are: 100,000
//! tasks started by RunTask, each with its interface, in simulated containers, with the embedded store.

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
use serde_json::json;

use crate::world::{World, between};

/// Tasks that are started before memory is read again.
const LAP: i64 = 10_000;
/// Tasks in all.
const TASKS: i64 = 100_000;
/// VPCs, and subnets of each: room for 131,000 interfaces.
const VPCS: u8 = 2;
const SUBNETS: u8 = 4;

fn main() {
    let tasks = std::env::args().find_map(|given| given.parse().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure(tasks.unwrap_or(TASKS)));
}

async fn measure(tasks: i64) {
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
    let mut networks = Vec::new();
    for number in 0..VPCS {
        networks.push(network(&world, number).await);
    }
    // What the first tasks bring with them is not counted: code, caches, the buffers of the store.
    let mut started = run(&world, &networks, 0, 1_000).await;
    let before = memory();
    println!("a server with 1,000 tasks: {} MB", before >> 20);
    while started < tasks + 1_000 {
        let begun = Instant::now();
        started = run(&world, &networks, started, LAP).await;
        let took = begun.elapsed();
        let described = Instant::now();
        running(&world).await;
        let described = described.elapsed();
        let grown = memory() - before;
        println!(
            "{started} tasks: the last {LAP} ran after {took:.1?}; {} bytes of memory for each beyond the first 1,000; \
             DescribeClusters answers after {described:.1?}",
            grown / (started - 1_000)
        );
    }
    let kept: u64 = std::fs::metadata(directory.join("store/store.redb")).unwrap().len();
    println!(
        "the file of the store: {} bytes a task",
        kept / u64::try_from(started).unwrap()
    );
    let begun = Instant::now();
    let looks = world.installation.tasks.counts().0;
    let used = cpu();
    tokio::time::sleep(Duration::from_secs(10)).await;
    println!(
        "left alone: {} looks at tasks in {:.1?}, {:.0} % of a processor",
        world.installation.tasks.counts().0 - looks,
        begun.elapsed(),
        (cpu() - used) * 100.0 / begun.elapsed().as_secs_f64()
    );
    ticking.abort();
    let _ = std::fs::remove_dir_all(&directory);
}

/// Starts tasks and waits until all run; how many there are then.
async fn run(world: &World, networks: &[Vec<String>], had: i64, more: i64) -> i64 {
    for call in 0..more / 10 {
        let subnets = &networks[usize::try_from(call).unwrap() % networks.len()];
        let input = json!({
            "cluster": "demo", "taskDefinition": "web", "count": 10, "launchType": "FARGATE",
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": subnets } }
        });
        world.ecs("RunTask", input).await.ok();
    }
    let begun = Instant::now();
    while running(world).await != had + more {
        assert!(begun.elapsed() < Duration::from_secs(300), "tasks do not run");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    had + more
}

async fn running(world: &World) -> i64 {
    let clusters = world
        .ecs("DescribeClusters", json!({ "clusters": ["demo"] }))
        .await
        .ok();
    clusters["clusters"][0]["runningTasksCount"].as_i64().unwrap()
}

/// A VPC with room for many interfaces; its subnets.
async fn network(world: &World, number: u8) -> Vec<String> {
    let block = format!("10.{number}.0.0/16");
    let made = world.form("ec2", "CreateVpc", &[("CidrBlock", &block)]).await.text;
    let vpc = between(&made, "<vpcId>", "</vpcId>");
    let mut subnets = Vec::new();
    for part in 0..SUBNETS {
        let block = format!("10.{number}.{}.0/18", part * 64);
        let pairs = [("VpcId", vpc.as_str()), ("CidrBlock", &block)];
        let made = world.form("ec2", "CreateSubnet", &pairs).await.text;
        subnets.push(between(&made, "<subnetId>", "</subnetId>"));
    }
    subnets
}

/// The bytes of memory in use by this process that are its own.
fn memory() -> i64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    let kib: i64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

/// The seconds of processor time that this process used.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after = stat.rsplit_once(')').unwrap().1;
    let ticks: f64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<f64>().unwrap())
        .sum();
    ticks / 100.0
}

fn world(directory: &std::path::Path) -> World {
    let clock = Arc::new(FakeClock::at(Timestamp::from_secs(1_795_500_000)));
    let engine = Simulated::new("bench", Arc::clone(&clock) as Arc<dyn Clock>).without_specs();
    let engine = Arc::new(engine);
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
