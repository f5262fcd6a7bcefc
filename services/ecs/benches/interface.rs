//! How long a task's interface takes: EC2's record through the role, a durable store, the kernel's interface and rules.

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
    println!("SKIPPED interface: not Linux");
}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::net::{SocketAddrV4, TcpListener};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    use nix::sched::{CloneFlags, unshare};
    use roadstead::{Installation, Options, RootKeys};
    use roadstead_containers::{Runtime, Simulated};
    use roadstead_core::arn::Place;
    use roadstead_core::time::FakeClock;
    use roadstead_core::{AccountId, Clock, Ids, Region, Timestamp};
    use roadstead_kernel::Behalf;
    use roadstead_kernel::audit::AuditLog;
    use roadstead_network::{
        Attachment, BoxFuture, Carried, EniSpec, Kernel, Net, NetError, NetProbe, NetworkNamespace, SecurityGroup,
    };
    use roadstead_store::Embedded;
    use serde_json::json;

    use crate::world::World;

    const RUNS: usize = 200;

    /// The kernel's interfaces, in namespaces that stand for those of containers.
    struct Namespaces {
        kernel: Kernel,
        open: Mutex<Vec<File>>,
        took: Mutex<Vec<Duration>>,
    }

    impl Net for Namespaces {
        fn name(&self) -> &'static str {
            self.kernel.name()
        }

        fn probe(&self) -> BoxFuture<'_, NetProbe> {
            self.kernel.probe()
        }

        fn attach(&self, eni: EniSpec, _: NetworkNamespace) -> BoxFuture<'_, Result<Attachment, NetError>> {
            let namespace = self.open.lock().unwrap().pop().unwrap();
            Box::pin(async move {
                let begun = Instant::now();
                let kept = namespace.try_clone().unwrap();
                let done = self.kernel.attach(eni, NetworkNamespace::Open(namespace.into())).await;
                self.took.lock().unwrap().push(begun.elapsed());
                std::mem::forget(kept);
                done
            })
        }

        fn detach<'a>(&'a self, eni_id: &'a str) -> BoxFuture<'a, Result<(), NetError>> {
            self.kernel.detach(eni_id)
        }

        fn set_groups(&self, groups: Vec<SecurityGroup>) -> BoxFuture<'_, Result<(), NetError>> {
            self.kernel.set_groups(groups)
        }

        fn resume(&self, enis: Vec<EniSpec>) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>> {
            self.kernel.resume(enis)
        }

        fn list(&self) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>> {
            self.kernel.list()
        }

        /// Metadata is not what is measured here.
        fn listen_inside(
            &self,
            _: NetworkNamespace,
            _: Vec<SocketAddrV4>,
        ) -> BoxFuture<'_, Result<Vec<TcpListener>, NetError>> {
            Box::pin(std::future::ready(Ok(Vec::new())))
        }

        fn carried<'a>(&'a self, eni_id: &'a str) -> BoxFuture<'a, Result<Option<Carried>, NetError>> {
            self.kernel.carried(eni_id)
        }
    }

    pub fn main() {
        // A host of its own, so that the machine's network stays as it is.
        if let Err(error) = unshare(CloneFlags::CLONE_NEWNET) {
            println!("SKIPPED interface: no network namespace can be made: {error}");
            return;
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(measure());
    }

    fn namespace() -> File {
        let made = std::thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            File::open("/proc/thread-self/ns/net").unwrap()
        });
        made.join().unwrap()
    }

    async fn measure() {
        let net = Arc::new(Namespaces {
            kernel: Kernel::new("bench").unwrap(),
            open: Mutex::new((0..RUNS).map(|_| namespace()).collect()),
            took: Mutex::default(),
        });
        let directory = std::env::temp_dir().join(format!("roadstead-bench-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let clock = Arc::new(FakeClock::at(Timestamp::from_secs(1_795_500_000)));
        let engine = Arc::new(Simulated::new("bench", Arc::clone(&clock) as Arc<dyn Clock>));
        let ids = Ids::seeded(7);
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
            net: Some(Arc::clone(&net) as Arc<dyn Net>),
        };
        let installation = Arc::new(Installation::new(options).unwrap());
        let world = World {
            installation,
            clock,
            engine,
            keys,
            region: "us-east-1",
            token: None,
        };
        let subnet = world.cluster_and_definition().await;
        let mut whole = Vec::new();
        for _ in 0..RUNS {
            let arn = world.run_task(&subnet, json!({})).await["taskArn"]
                .as_str()
                .unwrap()
                .to_owned();
            let begun = Instant::now();
            world.settle().await;
            whole.push(begun.elapsed());
            assert_eq!(world.task(&arn).await["lastStatus"], "RUNNING");
        }
        let kernel = std::mem::take(&mut *net.took.lock().unwrap());
        let place = Place {
            account: AccountId::parse("000000000000").unwrap(),
            region: Region::parse("us-east-1").unwrap(),
        };
        let role = roadstead_ecs::role::arn(place);
        let mut assumed = Vec::new();
        let mut called = Vec::new();
        for _ in 0..RUNS * 10 {
            let begun = Instant::now();
            let session = Behalf::assume(&world.installation.kernel, "ecs.amazonaws.com", place, &role, "bench");
            let session = session.await.unwrap();
            assumed.push(begun.elapsed());
            let begun = Instant::now();
            session
                .call::<api_ec2::op::DescribeAccountAttributes>(api_ec2::DescribeAccountAttributesRequest::default())
                .await
                .unwrap();
            called.push(begun.elapsed());
        }
        show("from planned to running, with a simulated engine", whole);
        show("of it, the kernel's interface and rules", kernel);
        show("assuming the role", assumed);
        show("a call as the role: authorize, answer, audit", called);
        let _ = std::fs::remove_dir_all(&directory);
    }

    fn show(what: &str, mut times: Vec<Duration>) {
        times.sort();
        let at = |part: usize| times[(times.len() - 1) * part / 100];
        println!(
            "{what}: min {:?}, p50 {:?}, p99 {:?} of {}",
            at(0),
            at(50),
            at(99),
            times.len()
        );
    }
}
