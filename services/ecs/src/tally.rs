//! How many tasks, services and container instances clusters have: counted once, then followed, because whoever waits for a
//! cluster asks again and again.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use roadstead_core::arn::Place;
use roadstead_kernel::Result;
use roadstead_store::{Entry, Followed, KeyParts, Store, StoreError, Summary, Table, decode};

use crate::placement::{TaskId, task_id};
use crate::records::{ContainerInstance, Counted, Counts, Service, Task, TaskHead};
use crate::scope_of;

/// How long what is written is gathered before it is taken over.
const GATHER: Duration = Duration::from_millis(50);

/// What the clusters have that were asked for.
pub struct Tally {
    store: Arc<dyn Store>,
    clusters: Mutex<HashMap<(Place, String), Arc<Cluster>>>,
}

struct Cluster {
    tasks: Followed<Tasks>,
    services: Followed<Services>,
    instances: Followed<Instances>,
}

impl Tally {
    /// Of the clusters of a store.
    pub fn new(store: &Arc<dyn Store>) -> Self {
        Self {
            store: Arc::clone(store),
            clusters: Mutex::default(),
        }
    }

    /// What a cluster has.
    pub async fn counts(&self, place: Place, name: &str) -> Result<Counts> {
        let cluster = {
            let mut clusters = self.clusters();
            let new = || Arc::new(Cluster::new(&self.store, place, name));
            Arc::clone(clusters.entry((place, name.to_owned())).or_insert_with(new))
        };
        let tasks = cluster.tasks.read(|tasks| tasks.0.counts).await?;
        let services = cluster.services.read(|services| services.0.counts).await?;
        let instances = cluster.instances.read(|instances| instances.0.len()).await?;
        Ok(Counts {
            instances: i32::try_from(instances).unwrap_or(i32::MAX),
            active_services: services.active_services,
            draining_services: services.draining_services,
            ..tasks
        })
    }

    /// Keeps up with what is written until the store ends, so that nothing has to be counted again.
    pub async fn follow(&self) -> Result<()> {
        loop {
            let revision = self.store.revision().await?;
            match self.store.watch(Bytes::new(), revision).next().await {
                Ok(_) | Err(StoreError::Compacted { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            tokio::time::sleep(GATHER).await;
            let known: Vec<Arc<Cluster>> = self.clusters().values().cloned().collect();
            for cluster in known {
                cluster.tasks.keep_up().await?;
                cluster.services.keep_up().await?;
                cluster.instances.keep_up().await?;
            }
        }
    }

    fn clusters(&self) -> MutexGuard<'_, HashMap<(Place, String), Arc<Cluster>>> {
        self.clusters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cluster {
    fn new(store: &Arc<dyn Store>, place: Place, name: &str) -> Self {
        let scope = scope_of(place);
        Self {
            tasks: Followed::new(Arc::clone(store), Table::<Task>::prefix(scope.of(), &[name])),
            services: Followed::new(Arc::clone(store), Table::<Service>::prefix(scope.of(), &[name])),
            instances: Followed::new(
                Arc::clone(store),
                Table::<ContainerInstance>::prefix(scope.of(), &[name]),
            ),
        }
    }
}

/// What counts, and the numbers of it.
struct Numbers<K> {
    counted: HashMap<K, Counted>,
    counts: Counts,
}

impl<K> Default for Numbers<K> {
    fn default() -> Self {
        Self {
            counted: HashMap::new(),
            counts: Counts::default(),
        }
    }
}

impl<K: Eq + Hash> Numbers<K> {
    fn set(&mut self, key: K, counted: Option<Counted>) {
        if let Some(counted) = counted {
            *self.counts.number(counted) += 1;
        }
        let before = match counted {
            Some(counted) => self.counted.insert(key, counted),
            None => self.counted.remove(&key),
        };
        if let Some(before) = before {
            *self.counts.number(before) -= 1;
        }
    }
}

/// The tasks that count.
#[derive(Default)]
struct Tasks(Numbers<TaskId>);

impl Summary for Tasks {
    fn put(&mut self, entry: &Entry, _: bool) -> roadstead_store::Result<()> {
        if let Some(id) = last_part(&entry.key).and_then(|id| task_id(&id)) {
            self.0
                .set(id, Counted::task(&decode::<TaskHead>(&entry.key, &entry.value)?));
        }
        Ok(())
    }

    fn delete(&mut self, key: &[u8]) {
        if let Some(id) = last_part(key).and_then(|id| task_id(&id)) {
            self.0.set(id, None);
        }
    }
}

/// The services that count.
#[derive(Default)]
struct Services(Numbers<String>);

impl Summary for Services {
    fn put(&mut self, entry: &Entry, _: bool) -> roadstead_store::Result<()> {
        let service: Service = decode(&entry.key, &entry.value)?;
        let counted = Counted::service(&service);
        self.0.set(service.name, counted);
        Ok(())
    }

    fn delete(&mut self, key: &[u8]) {
        if let Some(name) = last_part(key) {
            self.0.set(name, None);
        }
    }
}

/// The container instances that are registered.
#[derive(Default)]
struct Instances(HashSet<String>);

impl Summary for Instances {
    fn put(&mut self, entry: &Entry, _: bool) -> roadstead_store::Result<()> {
        let instance: ContainerInstance = decode(&entry.key, &entry.value)?;
        if instance.is_registered() {
            self.0.insert(instance.id);
        } else {
            self.0.remove(&instance.id);
        }
        Ok(())
    }

    fn delete(&mut self, key: &[u8]) {
        if let Some(id) = last_part(key) {
            self.0.remove(&id);
        }
    }
}

fn last_part(key: &[u8]) -> Option<String> {
    KeyParts::parse(key)?.id.pop()
}
