//! An installation: every service over one store, one kernel in front of them.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use ring::rand::SecureRandom as _;
use roadstead_cloudtrail::CloudTrail;
use roadstead_containers::{Runtime, Simulated};
use roadstead_control::Controller;
use roadstead_core::ids::Entropy;
use roadstead_core::time::FakeClock;
use roadstead_core::{AccountId, Clock, Ids, Timestamp};
use roadstead_ec2::Ec2;
use roadstead_ecs::Ecs;
use roadstead_ecs::control::{Pace, ServiceControl, TaskControl};
use roadstead_events::Events;
use roadstead_iam::Iam;
use roadstead_kernel::audit::AuditLog;
use roadstead_kernel::{Directory, Kernel, MASTER_KEY_LEN, Parts, Result, Service};
use roadstead_logs::Logs;
use roadstead_network::{Net, SimulatedNet};
use roadstead_secretsmanager::SecretsManager;
use roadstead_ssm::Ssm;
use roadstead_store::{Memory, Store};
use roadstead_sts::Sts;

use crate::data_dir::RootKeys;

/// How often records of attempts are saved.
const SAVE_EVERY: Duration = Duration::from_secs(2);
/// How often leases are looked at.
const TICK_EVERY: Duration = Duration::from_secs(1);
/// How often log events whose retention is over, secrets whose recovery window is, and old client tokens are removed.
const PURGE_EVERY: Duration = Duration::from_secs(3600);
/// Tasks that are worked on at the same time: most of them wait for the disk, where many together are as fast as one.
const WORKERS: usize = 32;
/// Containers whose output is delivered at the same time.
const LOG_WORKERS: usize = 4;
/// Deliveries of events that are worked on at the same time.
const DELIVERY_WORKERS: usize = 4;
/// Services that are worked on at the same time.
const SERVICE_WORKERS: usize = 4;
/// How long the looks that are being taken may last when the installation stops.
const LAST_LOOKS: Duration = Duration::from_millis(500);

/// What an installation is made of.
pub struct Options {
    /// Where records are kept.
    pub store: Arc<dyn Store>,
    /// The account of the root user.
    pub account: AccountId,
    /// The root user's keys.
    pub root: RootKeys,
    /// The installation's secret.
    pub master_key: [u8; MASTER_KEY_LEN],
    /// Where calls are recorded.
    pub audit: AuditLog,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where identifiers come from.
    pub ids: Ids,
    /// What runs containers.
    pub runtime: Arc<dyn Runtime>,
    /// What gives tasks their network interfaces, where the host can.
    pub net: Option<Arc<dyn Net>>,
}

/// Every service over one store.
pub struct Installation {
    /// The one path of a call.
    pub kernel: Arc<Kernel>,
    /// What moves tasks.
    pub tasks: Arc<Controller<TaskControl>>,
    /// What keeps services as they shall be.
    pub services: Arc<Controller<ServiceControl>>,
    /// What tells EventBridge of tasks and services.
    pub told: Arc<Controller<roadstead_ecs::Forwarder>>,
    /// What brings events to targets and fires rules by the clock.
    pub events: roadstead_events::Control,
    /// The root user's keys.
    pub root: RootKeys,
    event_service: Arc<Events>,
    iam: Arc<Iam>,
    logs: Arc<Logs>,
    secrets: Arc<SecretsManager>,
    ecs: Arc<Ecs>,
    runtime: Arc<dyn Runtime>,
    /// Up to which revision rules of security groups are in force.
    pub in_force: Arc<crate::InForce>,
    store: Arc<dyn Store>,
}

/// The system's source of randomness.
pub struct SystemEntropy(ring::rand::SystemRandom);

impl SystemEntropy {
    /// The system's source.
    pub fn new() -> Self {
        Self(ring::rand::SystemRandom::new())
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

/// Random bytes that a thread has fetched and not yet given out: two identifiers per call would be two system calls.
struct Fetched {
    bytes: [u8; 1024],
    used: usize,
}

thread_local! {
    static FETCHED: RefCell<Fetched> = const { RefCell::new(Fetched { bytes: [0; 1024], used: 1024 }) };
}

impl Entropy for SystemEntropy {
    #[expect(clippy::expect_used, reason = "a system without randomness cannot make a single key")]
    fn fill(&self, buffer: &mut [u8]) {
        let fetch = |bytes: &mut [u8]| self.0.fill(bytes).expect("the system gives random bytes");
        FETCHED.with_borrow_mut(|fetched| {
            if buffer.len() > fetched.bytes.len() - fetched.used {
                fetch(&mut fetched.bytes);
                fetched.used = 0;
            }
            let end = fetched.used + buffer.len();
            match fetched.bytes.get_mut(fetched.used..end) {
                Some(given) => {
                    buffer.copy_from_slice(given);
                    // What was given out is known to nobody else.
                    given.fill(0);
                    fetched.used = end;
                }
                None => fetch(buffer),
            }
        });
    }
}

impl Installation {
    /// Composes the services. Nothing runs yet: see [`Installation::start`].
    pub fn new(options: Options) -> Result<Self> {
        let Options {
            store,
            account,
            root,
            master_key,
            audit,
            clock,
            ids,
            runtime,
            net,
        } = options;
        let ecs = Ecs::new(Arc::clone(&store));
        let iam = Iam::new(
            Arc::clone(&store),
            account,
            &root.access_key_id,
            &root.secret_access_key,
            vec![ecs.role_usage()],
        );
        let directory: Arc<dyn Directory> = iam.directory();
        let logs = Logs::new(Arc::clone(&store));
        let secrets = SecretsManager::new(Arc::clone(&store));
        let event_service = Events::new(Arc::clone(&store));
        let in_force = Arc::new(crate::InForce::default());
        let mut services: Vec<Arc<dyn Service>> = vec![
            Arc::clone(&iam) as Arc<dyn Service>,
            Arc::new(Sts),
            Arc::new(Ec2::new(Arc::clone(&store)).enforced_by(Arc::<crate::InForce>::clone(&in_force))),
            CloudTrail::new(Arc::clone(&store)),
            Arc::clone(&logs) as Arc<dyn Service>,
            Ssm::new(Arc::clone(&store)),
            Arc::clone(&secrets) as Arc<dyn Service>,
            Arc::clone(&event_service) as Arc<dyn Service>,
            Arc::clone(&ecs) as Arc<dyn Service>,
        ];
        services.extend(crate::modelled::services());
        let parts = Parts {
            store: Arc::clone(&store),
            directory,
            master_key,
            audit,
            clock,
            ids,
        };
        let kernel = Kernel::new(parts, services)?;
        let tasks = ecs.start(&kernel, Arc::clone(&runtime), net);
        let api = crate::listener::TaskApi(Arc::clone(&kernel));
        tasks.reconciler().metadata().serve_api(Arc::new(api));
        let services = ecs.start_services(&kernel, &tasks, Pace::default());
        let events = event_service.start(&kernel);
        let told = ecs.tell(&kernel, Arc::<Events>::clone(&event_service));
        Ok(Self {
            kernel,
            tasks,
            services,
            told,
            events,
            root,
            event_service,
            iam,
            logs,
            secrets,
            ecs,
            runtime,
            in_force,
            store,
        })
    }

    /// Gives the public keys of an OpenID Connect provider, as a JSON Web Key Set, by the provider's URL.
    pub fn use_oidc_keys(&self, url: &str, key_set: &str) {
        self.iam.use_oidc_keys(url, key_set);
    }

    /// Everything in memory, with a clock that stands still and simulated containers and interfaces; for tests.
    pub fn in_memory(seed: u64) -> Result<(Self, Arc<FakeClock>, Arc<Simulated>)> {
        Self::in_memory_with(seed, Some(Arc::new(SimulatedNet::new())))
    }

    /// As [`Installation::in_memory`], with interfaces of the caller's choice, or none.
    pub fn in_memory_with(seed: u64, net: Option<Arc<dyn Net>>) -> Result<(Self, Arc<FakeClock>, Arc<Simulated>)> {
        let clock = Arc::new(FakeClock::at(Timestamp::from_secs(1_795_500_000)));
        let runtime = Arc::new(Simulated::new("tests", Arc::clone(&clock) as Arc<dyn Clock>));
        let ids = Ids::seeded(seed);
        let options = Options {
            store: Arc::new(Memory::new()),
            account: AccountId::parse("000000000000")
                .ok_or_else(|| roadstead_kernel::Fault::internal("twelve zeros"))?,
            root: RootKeys {
                access_key_id: ids.access_key("AKIA"),
                secret_access_key: ids.secret_key(),
            },
            master_key: ids.bytes(),
            audit: AuditLog::in_memory(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ids,
            runtime: Arc::clone(&runtime) as Arc<dyn Runtime>,
            net,
        };
        Ok((Self::new(options)?, clock, runtime))
    }

    /// Starts what works in the background: task control, the engine's events, saving. Ends with the runtime.
    pub async fn start(&self) -> Result<()> {
        // Before any task is worked on: what is attached now is what a run before this one left.
        if let Err(fault) = self.tasks.reconciler().resume().await {
            tracing::error!(%fault, "the networks of tasks could not be taken over: their rules stay as they were");
        }
        tokio::spawn(crate::ec2_changes::follow(
            Arc::clone(&self.store),
            Arc::clone(&self.tasks),
            Arc::clone(&self.in_force),
        ));
        for _ in 0..WORKERS {
            tokio::spawn(Arc::clone(&self.tasks).run());
        }
        for _ in 0..LOG_WORKERS {
            tokio::spawn(Arc::clone(self.tasks.reconciler().logs()).run());
        }
        for _ in 0..SERVICE_WORKERS {
            tokio::spawn(Arc::clone(&self.services).run());
        }
        tokio::spawn(roadstead_ecs::control::follow_engine(
            Arc::clone(&self.tasks),
            Arc::clone(&self.runtime),
        ));
        for key in self.tasks.reconciler().all().await? {
            self.tasks.enqueue(key);
        }
        for key in self.services.reconciler().all().await? {
            self.services.enqueue(key);
        }
        for _ in 0..DELIVERY_WORKERS {
            tokio::spawn(Arc::clone(&self.events.deliveries).run());
        }
        tokio::spawn(Arc::clone(&self.events.timers).run());
        tokio::spawn(Arc::clone(&self.told).run());
        for place in self.told.reconciler().all().await? {
            self.told.enqueue(place);
        }
        self.event_service.resume().await?;
        tokio::spawn(end_leases(Arc::clone(&self.store)));
        tokio::spawn(follow_counts(Arc::clone(&self.ecs)));
        tokio::spawn(purge_logs(Arc::clone(&self.logs), Arc::clone(&self.kernel)));
        tokio::spawn(purge_secrets(Arc::clone(&self.secrets), Arc::clone(&self.kernel)));
        tokio::spawn(purge_tokens(Arc::clone(&self.ecs), Arc::clone(&self.kernel)));
        let kernel = Arc::clone(&self.kernel);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SAVE_EVERY).await;
                if let Err(fault) = kernel.accessed().save().await {
                    tracing::warn!(%fault, "the records of attempts could not be saved");
                }
            }
        });
        Ok(())
    }

    /// Does everything that is due by the clock; for tests, instead of [`Installation::start`].
    pub async fn settle(&self) {
        self.tasks.settle().await;
        self.services.settle().await;
        // Tasks that services started or stopped.
        self.tasks.settle().await;
        self.tasks.reconciler().logs().settle().await;
        // Tasks whose last output was delivered.
        self.tasks.settle().await;
        self.told.settle().await;
        self.events.timers.settle().await;
        self.events.deliveries.settle().await;
    }

    /// Ends what works in the background, saves what is only in memory and closes the store.
    pub async fn stop(&self) -> Result<()> {
        tokio::join!(
            self.tasks.close(LAST_LOOKS),
            self.tasks.reconciler().logs().close(LAST_LOOKS),
            self.services.close(LAST_LOOKS),
            self.told.close(LAST_LOOKS),
            self.events.timers.close(LAST_LOOKS),
            self.events.deliveries.close(LAST_LOOKS),
        );
        self.kernel.accessed().save().await?;
        self.kernel.audit().close();
        self.store.close().await?;
        Ok(())
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What runs the containers.
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.runtime
    }

    /// The ECS service.
    pub fn ecs(&self) -> &Arc<Ecs> {
        &self.ecs
    }
}

/// Lets leases in the store end when their time is over.
async fn end_leases(store: Arc<dyn Store>) {
    let started = std::time::Instant::now();
    loop {
        tokio::time::sleep(TICK_EVERY).await;
        if let Err(error) = store.tick(started.elapsed()).await {
            tracing::debug!(%error, "leases are no longer looked after");
            return;
        }
    }
}

/// Removes secrets whose recovery window is over.
async fn purge_secrets(secrets: Arc<SecretsManager>, kernel: Arc<Kernel>) {
    loop {
        tokio::time::sleep(PURGE_EVERY).await;
        match secrets.purge(kernel.clock().now()).await {
            Ok(purged) => tracing::debug!(purged, "deleted secrets were removed"),
            Err(fault) => tracing::warn!(%fault, "deleted secrets could not be removed"),
        }
    }
}

/// Keeps what clusters count up with what is written.
async fn follow_counts(ecs: Arc<Ecs>) {
    if let Err(fault) = ecs.follow_counts().await {
        tracing::debug!(%fault, "what clusters count is no longer followed");
    }
}

/// Forgets the client tokens that were used a day ago.
async fn purge_tokens(ecs: Arc<Ecs>, kernel: Arc<Kernel>) {
    loop {
        match ecs.purge_tokens(kernel.clock().now()).await {
            Ok(purged) => tracing::debug!(purged, "client tokens were forgotten"),
            Err(fault) => tracing::warn!(%fault, "old client tokens could not be forgotten"),
        }
        tokio::time::sleep(PURGE_EVERY).await;
    }
}

/// Removes log events whose retention is over, and counts again what groups hold.
async fn purge_logs(logs: Arc<Logs>, kernel: Arc<Kernel>) {
    loop {
        tokio::time::sleep(PURGE_EVERY).await;
        match logs.purge(kernel.clock().now()).await {
            Ok(purged) => tracing::debug!(events = purged.events, bytes = purged.bytes, "log events were purged"),
            Err(fault) => tracing::warn!(%fault, "log events could not be purged"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_never_repeat_whatever_their_number() {
        let source = SystemEntropy::new();
        let mut seen = std::collections::HashSet::new();
        for size in [16, 40, 1000, 1024, 2000].into_iter().cycle().take(500) {
            let mut bytes = vec![0; size];
            source.fill(&mut bytes);
            let head: [u8; 16] = bytes.get(..16).and_then(|head| head.try_into().ok()).unwrap();
            let tail: [u8; 16] = bytes.get(size - 16..).and_then(|tail| tail.try_into().ok()).unwrap();
            assert!(seen.insert(head), "{size}");
            assert!(size == 16 || seen.insert(tail), "{size}");
        }
    }
}
