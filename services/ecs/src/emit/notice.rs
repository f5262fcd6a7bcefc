//! A store that notices what changes of tasks, services and container instances, and writes the events of it down with the change.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use bytes::Bytes;
use roadstead_control::Controller;
use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Region, Timestamp};
use roadstead_kernel::{Kernel, Listeners};
use roadstead_store::{
    BoxFuture, Entry, KeyParts, LeaseId, Op, Range, Record, Result, Revision, Store, StoreError, Table, Txn, Watch,
    ordered,
};

use super::outbox::{Outgoing, Told};
use super::{Forwarder, SOURCE, instance, service, task};
use crate::fleet::Fleet;
use crate::records::{ContainerInstance, Service, Task, TaskStatus};

/// The store that ECS writes through.
pub struct Noticing {
    /// Itself, for who writes through it and is held by it.
    me: Weak<Self>,
    inner: Arc<dyn Store>,
    outbox: Table<Outgoing>,
    joined: OnceLock<Joined>,
    written: AtomicU64,
}

/// What is known once the kernel is there.
struct Joined {
    kernel: Arc<Kernel>,
    listeners: Arc<dyn Listeners>,
    fleet: Weak<Fleet>,
    forwarder: Arc<Controller<Forwarder>>,
}

impl Noticing {
    /// A store around another one; it notices nothing before it is joined.
    pub fn over(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            outbox: Table::new(Arc::clone(&inner)),
            inner,
            joined: OnceLock::new(),
            written: AtomicU64::new(0),
        })
    }

    /// Joins the store with who listens, with the kernel that its events go through, and with what knows the container
    /// instances.
    pub fn join(
        &self,
        kernel: &Arc<Kernel>,
        listeners: Arc<dyn Listeners>,
        fleet: &Arc<Fleet>,
    ) -> Arc<Controller<Forwarder>> {
        let make = || {
            let through = Weak::<Self>::clone(&self.me);
            let forwarder = Forwarder::new(Arc::clone(kernel), self.outbox.clone(), through, Arc::downgrade(fleet));
            let forwarder = Controller::new(forwarder, Arc::clone(kernel.clock()));
            fleet.told_by(&forwarder);
            Joined {
                forwarder,
                fleet: Arc::downgrade(fleet),
                kernel: Arc::clone(kernel),
                listeners,
            }
        };
        Arc::clone(&self.joined.get_or_init(make).forwarder)
    }

    /// Commits a transaction together with the events that it makes, if anybody listens.
    async fn commit_noticed(&self, joined: &Joined, mut txn: Txn, places: Vec<Place>) -> Result<Revision> {
        let mut listened = Vec::new();
        for place in places {
            match joined.listeners.listen(place, SOURCE).await {
                Ok(true) => listened.push(place),
                Ok(false) => {}
                // A task must not stay where it is because rules cannot be read.
                Err(fault) => tracing::warn!(%fault, "who listens to events could not be found out: nobody is told"),
            }
        }
        let now = joined.kernel.clock().now();
        for place in &listened {
            let told = self.told(joined, &txn, *place, now).await?;
            if told.is_empty() {
                continue;
            }
            // Numbered, so that those of one instant keep their order.
            let number = self.written.fetch_add(1, Ordering::Relaxed);
            let at = u64::try_from(now.millis()).unwrap_or_default();
            let id = [ordered(at), ordered(number), joined.kernel.ids().hex(8)];
            let id: Vec<&str> = id.iter().map(String::as_str).collect();
            let scope = crate::scope_of(*place);
            self.outbox
                .stage_put(&mut txn, scope.of(), &id, &Outgoing { events: told })?;
        }
        let seated = seated(&txn);
        let revision = self.inner.commit(txn).await?;
        for place in listened {
            joined.forwarder.enqueue(place);
        }
        if let Some(fleet) = joined.fleet.upgrade() {
            for (place, cluster, instance) in seated {
                fleet.touch(place, &cluster, &instance);
            }
        }
        Ok(revision)
    }

    /// The events that a transaction makes in a place.
    async fn told(&self, joined: &Joined, txn: &Txn, place: Place, now: Timestamp) -> Result<Vec<Told>> {
        let mut told = Vec::new();
        for op in txn.ops() {
            let Op::Put { key, value, .. } = op else { continue };
            if !is_noticed(key) {
                continue;
            }
            let Some(parts) = KeyParts::parse(key).filter(|parts| place_of(parts) == Some(place)) else {
                continue;
            };
            // What a transaction replaces it guards, so that what is read here is what was there before.
            match parts.table.as_str() {
                Task::TABLE => {
                    let after: Task = roadstead_store::decode(key, value)?;
                    told.extend(task::told(place, self.before(key).await?.as_ref(), &after, now));
                }
                Service::TABLE => {
                    let after: Service = roadstead_store::decode(key, value)?;
                    told.extend(service::told(place, self.before(key).await?.as_ref(), &after, now));
                }
                ContainerInstance::TABLE => {
                    let after: ContainerInstance = roadstead_store::decode(key, value)?;
                    let Some(fleet) = joined.fleet.upgrade() else { continue };
                    match fleet.now(place, &after).await {
                        Ok(known) => {
                            told.extend(instance::told(
                                place,
                                self.before(key).await?.as_ref(),
                                &after,
                                &known,
                                now,
                            ));
                        }
                        Err(fault) => tracing::warn!(%fault, "a container instance's tasks could not be counted"),
                    }
                }
                _ => {}
            }
        }
        Ok(told)
    }

    async fn before<R: Record>(&self, key: &Bytes) -> Result<Option<R>> {
        let found = self.inner.get(key).await?;
        found
            .map(|entry| roadstead_store::decode(&entry.key, &entry.value))
            .transpose()
    }
}

/// The places of what a transaction writes and makes events.
fn places(txn: &Txn) -> Vec<Place> {
    let mut places = Vec::new();
    for op in txn.ops() {
        if let Op::Put { key, .. } = op
            && is_noticed(key)
            && let Some(parts) = KeyParts::parse(key)
            && let Some(place) = place_of(&parts)
            && !places.contains(&place)
        {
            places.push(place);
        }
    }
    places
}

/// What makes events.
const NOTICED: [&str; 3] = [Task::TABLE, Service::TABLE, ContainerInstance::TABLE];

/// Whether a key is one of what makes events, seen without taking it apart: all that ECS writes passes here.
fn is_noticed(key: &[u8]) -> bool {
    let table = key.split(|byte| *byte == 0).nth(2);
    table.is_some_and(|table| NOTICED.iter().any(|noticed| table == noticed.as_bytes()))
}

/// The member of a written task that names its container instance.
const HOST: &[u8] = b"\"host\":";

/// The container instances on which a transaction seats new tasks: what they have left changes.
fn seated(txn: &Txn) -> Vec<(Place, String, String)> {
    let mut seated = Vec::new();
    for op in txn.ops() {
        // Most tasks are on no instance, which shows without reading them.
        if let Op::Put { key, value, .. } = op
            && key.split(|byte| *byte == 0).nth(2) == Some(Task::TABLE.as_bytes())
            && value.windows(HOST.len()).any(|part| part == HOST)
            && let Some(place) = KeyParts::parse(key).as_ref().and_then(place_of)
            && let Ok(task) = roadstead_store::decode::<Task>(key, value)
            && task.version == 1
            && task.status != TaskStatus::Stopped
            && let Some(host) = task.host
        {
            seated.push((place, task.cluster, host.instance));
        }
    }
    seated
}

fn place_of(parts: &KeyParts) -> Option<Place> {
    Some(Place {
        account: AccountId::parse(&parts.account)?,
        region: Region::parse(&parts.region)?,
    })
}

impl Store for Noticing {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Entry>>> {
        self.inner.get(key)
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<(Vec<Entry>, Revision)>> {
        self.inner.range(range)
    }

    /// As that of the store within; a transaction that makes events begins when its future is first polled.
    fn commit(&self, txn: Txn) -> BoxFuture<'_, Result<Revision>> {
        let Some(joined) = self.joined.get() else {
            return self.inner.commit(txn);
        };
        let places = places(&txn);
        if places.is_empty() {
            return self.inner.commit(txn);
        }
        Box::pin(self.commit_noticed(joined, txn, places))
    }

    fn watch(&self, prefix: Bytes, after: Revision) -> Watch {
        self.inner.watch(prefix, after)
    }

    fn revision(&self) -> BoxFuture<'_, Result<Revision>> {
        self.inner.revision()
    }

    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId>> {
        self.inner.grant(ttl)
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<()>> {
        self.inner.keep_alive(lease)
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<()>> {
        self.inner.revoke(lease)
    }

    fn tick(&self, now: Duration) -> BoxFuture<'_, Result<Vec<LeaseId>>> {
        self.inner.tick(now)
    }

    fn stopped(&self) -> BoxFuture<'_, StoreError> {
        self.inner.stopped()
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.close()
    }
}
