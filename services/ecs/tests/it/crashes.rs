//! A server that ends between any two writes: the next one leaves tasks as they shall be, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use roadstead::{Installation, Options};
use roadstead_containers::Runtime;
use roadstead_core::{AccountId, Clock, Ids};
use roadstead_kernel::audit::AuditLog;
use roadstead_network::{Net, SimulatedNet};
use roadstead_store::{BoxFuture, Entry, LeaseId, Range, Revision, Store, StoreError, Txn, Watch};
use serde_json::json;

use crate::world::World;

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

/// Lets a server that is killed at the given write take over, then one that lives; whether the first one was killed.
async fn killed_at(write: i64, world: &World, net: &Arc<SimulatedNet>, seed: u64) -> (bool, World) {
    let store = Arc::clone(world.installation.store());
    let mortal = Arc::new(Mortal {
        inner: Arc::clone(&store),
        left: AtomicI64::new(write),
    });
    take_over(&again(world, net, Arc::clone(&mortal) as Arc<dyn Store>, seed), 4).await;
    let heir = again(world, net, store, seed + 1);
    take_over(&heir, 4).await;
    (mortal.is_dead(), heir)
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
