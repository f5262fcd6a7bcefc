//! A place to run the suite on: an engine, images, and a way to let time pass.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use roadstead_containers::{ContainerSpec, Docker, HealthCheck, MountSource, Runtime, Simulated, Timestamp, rootfs};
use roadstead_core::time::FakeClock;

/// Image that the tests use on a real engine.
pub const BUSYBOX: &str = "roadstead/busybox:latest";

/// Where the suite runs.
#[derive(Clone)]
pub struct Bed {
    pub runtime: Arc<dyn Runtime>,
    /// The same containers through a second connection, as after a restart.
    pub again: Arc<dyn Runtime>,
    pub clock: Option<Arc<FakeClock>>,
    pub tick: Option<Simulated>,
    /// Distinguishes the names of this test from all others on the engine.
    pub unique: String,
}

/// What a container of the suite shall do.
#[derive(Clone, Copy)]
pub enum Does {
    Run,
    Exit(i32),
    Ignore,
    Write,
    Grow,
    BeWell,
    BeIll,
}

impl Bed {
    pub fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.unique)
    }

    /// A container that does something, in the way each engine can.
    pub fn spec(&self, name: &str, does: Does) -> ContainerSpec {
        let real = self.clock.is_none();
        let (image, command): (&str, &[&str]) = match does {
            Does::Run => (
                "simulated/run",
                &["sh", "-c", "trap 'exit 143' TERM; sleep 1000 & wait"],
            ),
            Does::Exit(0) => ("simulated/exit:0", &["true"]),
            Does::Exit(7) => ("simulated/exit:7", &["sh", "-c", "exit 7"]),
            Does::Exit(_) => panic!("no such container in the suite"),
            Does::Ignore => (
                "simulated/stubborn",
                &["sh", "-c", "trap '' TERM INT; while :; do sleep 1000; done"],
            ),
            Does::Write => (
                "simulated/run",
                &[
                    "sh",
                    "-c",
                    "echo one; echo two >&2; trap 'exit 143' TERM; sleep 1000 & wait",
                ],
            ),
            Does::Grow => ("simulated/oom:1", &["tail", "/dev/zero"]),
            Does::BeWell | Does::BeIll => {
                let image = if matches!(does, Does::BeWell) {
                    "simulated/health-after:1"
                } else {
                    "simulated/unhealthy-after:1"
                };
                (image, &["sh", "-c", "trap 'exit 143' TERM; sleep 1000 & wait"])
            }
        };
        let health = |test: &str| HealthCheck {
            test: vec!["CMD-SHELL".to_owned(), test.to_owned()],
            interval: Duration::from_millis(100),
            timeout: Duration::from_secs(5),
            start_period: Duration::ZERO,
            retries: 1,
        };
        ContainerSpec {
            name: self.name(name),
            image: if real { BUSYBOX } else { image }.to_owned(),
            command: Some(command.iter().map(|word| (*word).to_owned()).collect()),
            env: match does {
                Does::Write => vec![
                    ("SIMULATED_STDOUT".to_owned(), "one".to_owned()),
                    ("SIMULATED_STDERR".to_owned(), "two".to_owned()),
                ],
                _ => Vec::new(),
            },
            memory: matches!(does, Does::Grow).then_some(8 << 20),
            health_check: match does {
                Does::BeWell => Some(health("true")),
                Does::BeIll => Some(health("false")),
                _ => None,
            },
            ..ContainerSpec::default()
        }
    }

    /// Lets time go by where it stands still; a real engine is waited for by its events.
    pub fn pass(&self, time: Duration) {
        if let (Some(clock), Some(simulated)) = (&self.clock, &self.tick) {
            clock.advance(time);
            simulated.tick();
        }
    }

    /// Has the image and makes the container.
    pub async fn make(&self, spec: ContainerSpec) -> roadstead_containers::ContainerId {
        self.runtime.ensure_image(&spec.image, None).await.unwrap();
        self.runtime.create(spec).await.unwrap()
    }

    pub async fn started(&self, name: &str, does: Does) -> roadstead_containers::ContainerId {
        let id = self.make(self.spec(name, does)).await;
        self.runtime.start(&id).await.unwrap();
        id
    }

    /// A source of a volume with a name of this test only.
    pub fn volume(&self, name: &str) -> MountSource {
        MountSource::Volume { name: self.name(name) }
    }
}

/// Runs a test on containers in memory.
pub async fn on_simulated<F: Future<Output = ()>>(test: impl FnOnce(Bed) -> F) {
    let clock = Arc::new(FakeClock::at(Timestamp::from_secs(1_800_000_000)));
    let simulated = Simulated::new("suite", clock.clone());
    let runtime: Arc<dyn Runtime> = Arc::new(simulated.clone());
    let bed = Bed {
        runtime: runtime.clone(),
        again: runtime,
        clock: Some(clock),
        tick: Some(simulated),
        unique: "s".to_owned(),
    };
    test(bed).await;
}

/// Runs a test on a Docker Engine, if one answers, and removes what it made whatever happens.
pub async fn on_docker<F: Future<Output = ()>>(name: &str, test: impl FnOnce(Bed) -> F) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let unique = format!("rdt-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let docker = Docker::new(unique.as_str());
    let Some(()) = ready(name, &docker).await else { return };
    let runtime: Arc<dyn Runtime> = Arc::new(docker);
    let again: Arc<dyn Runtime> = Arc::new(Docker::new(unique.as_str()));
    let bed = Bed {
        runtime: runtime.clone(),
        again,
        clock: None,
        tick: None,
        unique,
    };
    let limited = tokio::time::timeout(Duration::from_secs(120), test(bed));
    let outcome = AssertUnwindSafe(limited).catch_unwind().await;
    for left in runtime.list(&[]).await.unwrap() {
        runtime.remove(&left.id).await.unwrap();
    }
    match outcome {
        Ok(in_time) => in_time.expect("the test hangs"),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Whether there is an engine with an image for the tests; says why not.
async fn ready(name: &str, docker: &Docker) -> Option<()> {
    static IMPORTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    if !docker.probe().await.reachable {
        println!("SKIPPED {name}: no container engine");
        return None;
    }
    let _one_at_a_time = IMPORTING.lock().await;
    if docker.local_image(BUSYBOX).await.unwrap().is_some() {
        return Some(());
    }
    let Some(busybox) = rootfs::find_static_busybox() else {
        println!("SKIPPED {name}: no image {BUSYBOX} and no static busybox to make it from");
        return None;
    };
    let tar = rootfs::busybox_rootfs(&busybox).unwrap();
    docker.import_rootfs(BUSYBOX, tar, &["sh"]).await.unwrap();
    Some(())
}
