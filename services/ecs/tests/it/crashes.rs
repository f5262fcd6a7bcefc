//! A server that ends between any two writes: the next one leaves tasks as they shall be, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use roadstead::{Installation, Options};
use roadstead_containers::{Behaviour, EventKind, PullFailure, Runtime};
use roadstead_core::{AccountId, Clock, Ids};
use roadstead_kernel::audit::AuditLog;
use roadstead_network::{Net, SimulatedNet};
use roadstead_store::{BoxFuture, Entry, LeaseId, Range, Revision, Store, StoreError, Txn, Watch};
use serde_json::json;

use crate::world::{World, definition};

type Stored<T> = Result<T, StoreError>;

/// A store of a server that is killed at the write after so many: nothing is read or written from then on.
struct Mortal {
    inner: Arc<dyn Store>,
    left: AtomicI64,
}

impl Mortal {
    fn is_dead(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }

    fn alive<'a, T: Send + 'a>(&self, then: BoxFuture<'a, Stored<T>>) -> BoxFuture<'a, Stored<T>> {
        if self.is_dead() {
            Box::pin(std::future::ready(Err(StoreError::Closed)))
        } else {
            then
        }
    }
}

impl Store for Mortal {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Stored<Option<Entry>>> {
        self.alive(self.inner.get(key))
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Stored<(Vec<Entry>, Revision)>> {
        self.alive(self.inner.range(range))
    }

    fn commit(&self, txn: Txn) -> BoxFuture<'_, Stored<Revision>> {
        // Work begins with the call, so it must not be called at all.
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.left.store(-1, Ordering::SeqCst);
            return Box::pin(std::future::ready(Err(StoreError::Closed)));
        }
        self.inner.commit(txn)
    }

    fn watch(&self, prefix: Bytes, after: Revision) -> Watch {
        self.inner.watch(prefix, after)
    }

    fn revision(&self) -> BoxFuture<'_, Stored<Revision>> {
        self.alive(self.inner.revision())
    }

    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Stored<LeaseId>> {
        self.inner.grant(ttl)
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Stored<()>> {
        self.inner.keep_alive(lease)
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Stored<()>> {
        self.inner.revoke(lease)
    }

    fn tick(&self, now: Duration) -> BoxFuture<'_, Stored<Vec<LeaseId>>> {
        self.inner.tick(now)
    }

    fn stopped(&self) -> BoxFuture<'_, StoreError> {
        self.inner.stopped()
    }

    fn close(&self) -> BoxFuture<'_, Stored<()>> {
        self.inner.close()
    }
}

/// A server over the records, the engine and the network of another, which is no more.
fn again(world: &World, net: &Arc<SimulatedNet>, store: Arc<dyn Store>, seed: u64) -> World {
    let options = Options {
        store,
        account: AccountId::parse("000000000000").unwrap(),
        root: world.keys.clone(),
        master_key: [9; roadstead_kernel::MASTER_KEY_LEN],
        audit: AuditLog::in_memory(),
        clock: Arc::clone(&world.clock) as Arc<dyn Clock>,
        ids: Ids::seeded(seed),
        runtime: Arc::clone(&world.engine) as Arc<dyn Runtime>,
        net: Some(Arc::clone(net) as Arc<dyn Net>),
    };
    let other = world.acting(world.keys.clone());
    World {
        installation: Arc::new(Installation::new(options).unwrap()),
        ..other
    }
}

/// What a server does after its start, in as far as it lives.
async fn take_over(world: &World, secs: u64) {
    let control = world.installation.tasks.reconciler();
    let _ = control.resume().await;
    for key in control.all().await.unwrap_or_default() {
        world.installation.tasks.enqueue(key);
    }
    world.pass(secs).await;
}

/// Lets a server take over that is killed at the given write; whether it was.
async fn killed_alone_at(write: i64, world: &World, net: &Arc<SimulatedNet>, seed: u64) -> bool {
    let mortal = Arc::new(Mortal {
        inner: Arc::clone(world.installation.store()),
        left: AtomicI64::new(write),
    });
    take_over(&again(world, net, Arc::clone(&mortal) as Arc<dyn Store>, seed), 4).await;
    mortal.is_dead()
}

/// Lets a server that is killed at the given write take over, then one that lives; whether the first one was killed.
async fn killed_at(write: i64, world: &World, net: &Arc<SimulatedNet>, seed: u64) -> (bool, World) {
    let was_killed = killed_alone_at(write, world, net, seed).await;
    let heir = again(world, net, Arc::clone(world.installation.store()), seed + 1);
    take_over(&heir, 4).await;
    (was_killed, heir)
}

/// A server with nothing on record, and its network.
fn first() -> (World, Arc<SimulatedNet>) {
    let net = Arc::new(SimulatedNet::new());
    let (installation, clock, engine) =
        Installation::in_memory_with(7, Some(Arc::clone(&net) as Arc<dyn Net>)).unwrap();
    let keys = installation.root.clone();
    let world = World {
        installation: Arc::new(installation),
        clock,
        engine,
        keys,
        region: "us-east-1",
        token: None,
    };
    (world, net)
}

/// The names of the containers of a task at the engine.
async fn containers(world: &World, task: &str) -> Vec<String> {
    let found = world
        .engine
        .list(&[("com.amazonaws.ecs.task-arn", Some(task))])
        .await
        .unwrap();
    let mut names: Vec<String> = found
        .into_iter()
        .map(|container| container.labels["com.amazonaws.ecs.container-name"].clone())
        .collect();
    names.sort();
    names
}

async fn interfaces_in_ec2(world: &World) -> usize {
    let shown = world.form("ec2", "DescribeNetworkInterfaces", &[]).await.text;
    shown.matches("<networkInterfaceId>").count()
}

#[tokio::test]
async fn a_server_killed_between_any_two_writes_is_followed_by_one_that_puts_all_in_order() {
    let mut killed = (0, 0);
    for write in 0..60 {
        let (world, net) = first();
        let subnet = world.cluster_and_definition().await;
        let task = world.run_task(&subnet, json!({})).await;
        let arn = task["taskArn"].as_str().unwrap().to_owned();

        let (while_starting, world) = killed_at(write, &world, &net, 100).await;
        let shown = world.task(&arn).await;
        assert_eq!(shown["lastStatus"], "RUNNING", "write {write}: {shown}");
        assert_eq!(net.list().await.unwrap().len(), 1, "write {write}");
        assert_eq!(interfaces_in_ec2(&world).await, 1, "write {write}");
        assert_eq!(
            containers(&world, &arn).await,
            ["main", "~internal~ecs~pause"],
            "write {write}"
        );

        world
            .ecs("StopTask", json!({ "cluster": "demo", "task": arn }))
            .await
            .ok();
        let (while_stopping, world) = killed_at(write, &world, &net, 200).await;
        // The container's own time to end.
        world.pass(40).await;
        let shown = world.task(&arn).await;
        assert_eq!(shown["lastStatus"], "STOPPED", "write {write}: {shown}");
        assert_eq!(net.list().await, Ok(vec![]), "write {write}");
        assert_eq!(interfaces_in_ec2(&world).await, 0, "write {write}");
        assert_eq!(containers(&world, &arn).await.len(), 0, "write {write}");
        killed.0 += usize::from(while_starting);
        killed.1 += usize::from(while_stopping);
        if !while_starting && !while_stopping {
            break;
        }
    }
    assert!(killed.0 > 5 && killed.1 > 4, "{killed:?}");
    assert!(killed.0 < 60 && killed.1 < 60, "every write was tried: {killed:?}");
}

/// What becomes of a task whose start a crash interrupted, before it is tried again.
#[derive(Clone, Copy, Debug)]
enum Meanwhile {
    Stopped,
    ImageGone,
}

#[tokio::test]
async fn a_container_that_was_started_but_not_noted_is_removed_when_its_task_ends_before_another_attempt() {
    for meanwhile in [Meanwhile::Stopped, Meanwhile::ImageGone] {
        let mut unnoted = 0;
        for write in 0..60 {
            let (world, net) = first();
            let subnet = world.cluster_and_definition().await;
            let task = world.run_task(&subnet, json!({})).await;
            let arn = task["taskArn"].as_str().unwrap().to_owned();
            let was_killed = killed_alone_at(write, &world, &net, 100).await;
            let shown = world.task(&arn).await;
            let is_noted = shown["containers"][0]["lastStatus"] != "PENDING";
            let was_made = containers(&world, &arn).await.contains(&"main".to_owned());
            unnoted += usize::from(was_made && !is_noted);

            let gone = Behaviour {
                pull_fails: Some(PullFailure::NotFound),
                ..Behaviour::default()
            };
            match meanwhile {
                Meanwhile::ImageGone if !is_noted => world.engine.script("simulated/run", gone),
                _ => {
                    let stop = json!({ "cluster": "demo", "task": arn });
                    world.ecs("StopTask", stop).await.ok();
                }
            }
            let heir = again(&world, &net, Arc::clone(world.installation.store()), 200);
            take_over(&heir, 40).await;
            let shown = heir.task(&arn).await;
            assert_eq!(shown["lastStatus"], "STOPPED", "{meanwhile:?}, write {write}: {shown}");
            assert!(containers(&heir, &arn).await.is_empty(), "{meanwhile:?}, write {write}");
            if !was_killed {
                break;
            }
        }
        assert!(
            unnoted > 0,
            "{meanwhile:?}: no crash came between the start and noting it"
        );
    }
}

#[tokio::test]
async fn a_job_that_ended_between_its_start_and_noting_it_does_not_run_twice() {
    let mut unnoted = 0;
    for write in 0..60 {
        let (world, net) = first();
        let subnet = world.cluster_and_definition().await;
        let job = json!([{ "name": "main", "image": "simulated/exit:3-after-1" }]);
        world.ecs("RegisterTaskDefinition", definition("web", job)).await.ok();
        let mut events = world.engine.events();
        let task = world.run_task(&subnet, json!({})).await;
        let arn = task["taskArn"].as_str().unwrap().to_owned();
        let was_killed = killed_alone_at(write, &world, &net, 100).await;
        let shown = world.task(&arn).await;
        let was_made = containers(&world, &arn).await.contains(&"main".to_owned());
        unnoted += usize::from(was_made && shown["containers"][0]["lastStatus"] == "PENDING");

        let heir = again(&world, &net, Arc::clone(world.installation.store()), 200);
        // Nothing tells of its end here: it is found by the next look.
        take_over(&heir, 40).await;
        let shown = heir.task(&arn).await;
        assert_eq!(shown["lastStatus"], "STOPPED", "write {write}: {shown}");
        assert_eq!(shown["containers"][0]["exitCode"], 3, "write {write}: {shown}");
        assert_eq!(shown["stopCode"], "EssentialContainerExited", "write {write}: {shown}");
        let mut starts = 0;
        while let Some(Some(Ok(event))) = events.next().now_or_never() {
            let is_job = event.labels["com.amazonaws.ecs.container-name"] == "main";
            starts += usize::from(is_job && event.kind == EventKind::Started);
        }
        assert_eq!(starts, 1, "write {write}");
        if !was_killed {
            break;
        }
    }
    assert!(unnoted > 0, "no crash came between the start and noting it");
}
