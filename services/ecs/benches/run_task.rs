//! From RunTask to RUNNING on a real engine, next to the same container, namespace and interface made directly; and how
//! long StopTask takes to answer.

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

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("SKIPPED run_task: not Linux");
}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use nix::sched::{CloneFlags, unshare};
    use roadstead::{Installation, Options, RootKeys};
    use roadstead_containers::{ContainerId, ContainerSpec, Docker, Network, Runtime, Simulated, rootfs};
    use roadstead_core::time::{FakeClock, SystemClock};
    use roadstead_core::{AccountId, Clock, Ids};
    use roadstead_kernel::audit::AuditLog;
    use roadstead_network::{EniSpec, Kernel, Net, NetworkNamespace, Peer, Rule, SecurityGroup, Traffic};
    use roadstead_store::Embedded;
    use serde_json::{Value, json};

    use crate::world::World;

    const ROUNDS: usize = 30;
    const IMAGE: &str = "roadstead/busybox:latest";
    const PAUSE: &str = concat!("roadstead/pause:", env!("CARGO_PKG_VERSION"));
    const COMMAND: [&str; 3] = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"];

    pub fn main() {
        // A host of its own, so that the machine's network stays as it is; threads made from here on are in it.
        if let Err(error) = unshare(CloneFlags::CLONE_NEWNET) {
            println!("SKIPPED run_task: no network namespace can be made: {error}");
            return;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let engine = Arc::new(Docker::new("bench"));
            if engine.probe().await.reachable {
                measure(engine).await;
            } else {
                println!("SKIPPED run_task: no container engine answers");
            }
        });
    }

    async fn measure(docker: Arc<Docker>) {
        if docker.local_image(IMAGE).await.unwrap().is_none() {
            let busybox = rootfs::find_static_busybox().expect("a static busybox");
            let tar = rootfs::busybox_rootfs(&busybox).unwrap();
            docker.import_rootfs(IMAGE, tar, &["/bin/sh"]).await.unwrap();
        }
        let net = Arc::new(Kernel::new("bench").unwrap());
        let directory = std::env::temp_dir().join(format!("roadstead-bench-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let world = world(&directory, &docker, &net);
        world.installation.start().await.unwrap();
        world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
        let container = json!([{ "name": "main", "image": IMAGE, "command": COMMAND, "stopTimeout": 2 }]);
        world
            .ecs("RegisterTaskDefinition", crate::world::definition("web", container))
            .await
            .ok();
        let subnet = world.subnet().await;
        let groups = SecurityGroup {
            id: "sg-0d1ec700".to_owned(),
            ingress: Vec::new(),
            egress: vec![Rule {
                traffic: Traffic::All,
                peer: Peer::Block("0.0.0.0".parse().unwrap(), 0),
            }],
        };
        net.set_groups(vec![groups]).await.unwrap();
        // The first task brings the image of pause containers, the default VPC and the table of rules.
        run(&world, &subnet).await;
        let (mut direct, mut through, mut stops) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            direct.push(make_directly(&docker, &*net, round).await);
            let (ran, stopped) = run(&world, &subnet).await;
            through.push(ran);
            stops.push(stopped);
        }
        let direct = show("made directly: two containers, namespace, interface, rules", direct);
        let through = show("RunTask until DescribeTasks says RUNNING", through);
        println!(
            "ratio of the medians: {:.2}",
            through.as_secs_f64() / direct.as_secs_f64()
        );
        show("StopTask until it answers", stops);
        world.installation.stop().await.unwrap();
        let _ = std::fs::remove_dir_all(&directory);
    }

    fn world(directory: &std::path::Path, docker: &Arc<Docker>, net: &Arc<Kernel>) -> World {
        let clock = Arc::new(FakeClock::at(SystemClock.now()));
        let ids = Ids::seeded(11);
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
            clock: Arc::new(SystemClock),
            ids,
            runtime: Arc::clone(docker) as Arc<dyn Runtime>,
            net: Some(Arc::clone(net) as Arc<dyn Net>),
        };
        World {
            installation: Arc::new(Installation::new(options).unwrap()),
            engine: Arc::new(Simulated::new("unused", Arc::clone(&clock) as Arc<dyn Clock>)),
            clock,
            keys,
            region: "us-east-1",
            token: None,
        }
    }

    /// Runs a task and stops it; how long it took to run, and how long StopTask took to answer.
    async fn run(world: &World, subnet: &str) -> (Duration, Duration) {
        let begun = Instant::now();
        let task = world.run_task(subnet, json!({})).await;
        let arn = task["taskArn"].as_str().unwrap();
        until(world, arn, "RUNNING").await;
        let ran = begun.elapsed();
        let begun = Instant::now();
        let stopped = world.ecs("StopTask", json!({ "cluster": "demo", "task": arn })).await;
        let answered = begun.elapsed();
        stopped.ok();
        until(world, arn, "STOPPED").await;
        (ran, answered)
    }

    async fn until(world: &World, arn: &str, status: &str) {
        loop {
            let task: Value = world.task(arn).await;
            if task["lastStatus"] == status {
                return;
            }
            assert!(
                status == "STOPPED" || task["lastStatus"] != "STOPPED",
                "{}",
                task["stoppedReason"]
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// What a task is made of, without ECS: a container that holds the namespace, the interface, and the container.
    async fn make_directly(docker: &Docker, net: &dyn Net, round: usize) -> Duration {
        let begun = Instant::now();
        let pause = ContainerSpec {
            name: format!("roadstead-direct-pause-{round}"),
            image: PAUSE.to_owned(),
            hostname: Some("ip-10-99-0-4.ec2.internal".to_owned()),
            dns_servers: vec!["10.99.0.2".to_owned()],
            dns_search: vec!["ec2.internal".to_owned()],
            ..ContainerSpec::default()
        };
        let pause = docker.create(pause).await.unwrap();
        docker.start(&pause).await.unwrap();
        let state = docker.inspect(&pause).await.unwrap();
        let eni = EniSpec {
            id: format!("eni-{:017x}", 0xd1_0000 + round),
            mac: "02:0a:00:ff:10:9c".parse().unwrap(),
            address: "10.99.0.4".parse().unwrap(),
            subnet: "10.99.0.0/24".parse().unwrap(),
            vpc: None,
            host_addresses: vec!["10.99.0.2".parse().unwrap()],
            groups: vec!["sg-0d1ec700".to_owned()],
        };
        let id = eni.id.clone();
        let namespace = NetworkNamespace::Container {
            pid: state.pid.unwrap(),
            id: state.id.0.clone(),
        };
        net.attach(eni, namespace).await.unwrap();
        docker.ensure_image(IMAGE, None).await.unwrap();
        let main = ContainerSpec {
            name: format!("roadstead-direct-main-{round}"),
            image: IMAGE.to_owned(),
            command: Some(COMMAND.map(str::to_owned).to_vec()),
            network: Network::Container(pause.clone()),
            memory: Some(512 << 20),
            nano_cpus: Some(250_000_000),
            ..ContainerSpec::default()
        };
        let main: ContainerId = docker.create(main).await.unwrap();
        docker.start(&main).await.unwrap();
        let took = begun.elapsed();
        docker.remove(&main).await.unwrap();
        net.detach(&id).await.unwrap();
        docker.remove(&pause).await.unwrap();
        took
    }

    fn show(what: &str, mut times: Vec<Duration>) -> Duration {
        times.sort();
        let at = |part: usize| times[(times.len() - 1) * part / 100];
        println!(
            "{what}: min {:?}, p50 {:?}, p99 {:?} of {}",
            at(0),
            at(50),
            at(99),
            times.len()
        );
        at(50)
    }
}
