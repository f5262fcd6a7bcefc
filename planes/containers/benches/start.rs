//! How long it takes to create and start a container, and how much a simulated one costs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a program that measures may stop at the first error"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use roadstead_containers::{ContainerSpec, Docker, Network, Runtime, Simulated, rootfs};
use roadstead_core::time::SystemClock;

const RUNS: usize = 20;
const SIMULATED: u32 = 100_000;

#[tokio::main]
async fn main() {
    simulated().await;
    let docker = Docker::new(format!("bench-{}", std::process::id()));
    if docker.probe().await.reachable {
        real(&docker).await;
    } else {
        println!("SKIPPED docker: no container engine");
    }
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

async fn simulated() {
    let engine = Simulated::new("bench", Arc::new(SystemClock)).without_specs();
    engine.ensure_image("simulated/run", None).await.unwrap();
    let labels = |number: u32| {
        let task = format!("arn:aws:ecs:eu-west-1:123456789012:task/a-cluster/{number:032x}");
        let labels = [
            ("com.amazonaws.ecs.cluster", "a-cluster"),
            ("com.amazonaws.ecs.container-name", "app"),
            ("com.amazonaws.ecs.task-arn", &task),
            ("com.amazonaws.ecs.task-definition-family", "a-family"),
            ("com.amazonaws.ecs.task-definition-version", "1"),
        ];
        labels
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    let before = resident_kib();
    let begun = Instant::now();
    for number in 0..SIMULATED {
        let spec = ContainerSpec {
            name: format!("c{number}"),
            image: "simulated/run".to_owned(),
            labels: labels(number),
            ..ContainerSpec::default()
        };
        let id = engine.create(spec).await.unwrap();
        engine.start(&id).await.unwrap();
    }
    let each = begun.elapsed() / SIMULATED;
    let bytes = (resident_kib() - before) * 1024 / u64::from(SIMULATED);
    println!("simulated, create and start: {each:?} and {bytes} bytes each of {SIMULATED}");
    let begun = Instant::now();
    let count = engine.list(&[]).await.unwrap().len();
    println!("simulated, list of {count}: {:?}", begun.elapsed());
}

async fn real(docker: &Docker) {
    let image = "roadstead/pause:latest";
    if docker.local_image(image).await.unwrap().is_none() {
        docker
            .import_rootfs(image, rootfs::pause_rootfs().unwrap(), &["/pause"])
            .await
            .unwrap();
    }
    let spec = |name: &str, network: Network| ContainerSpec {
        name: format!("bench-{}-{name}", std::process::id()),
        image: image.to_owned(),
        network,
        ..ContainerSpec::default()
    };
    let pause = docker.create(spec("pause", Network::None)).await.unwrap();
    docker.start(&pause).await.unwrap();
    let kinds = [
        ("none", Network::None),
        ("container:<id>", Network::Container(pause.clone())),
        ("host", Network::Host),
        ("bridge", Network::Bridge { ports: Vec::new() }),
    ];
    for (kind, network) in kinds {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let begun = Instant::now();
            let id = docker.create(spec("one", network.clone())).await.unwrap();
            docker.start(&id).await.unwrap();
            times.push(begun.elapsed());
            docker.remove(&id).await.unwrap();
        }
        times.sort();
        let at = |index: usize| times.get(index).copied().unwrap_or(Duration::ZERO);
        println!(
            "docker, create and start, network {kind}: min {:?}, p50 {:?} of {RUNS}",
            at(0),
            at(RUNS / 2)
        );
    }
    docker.remove(&pause).await.unwrap();
}
