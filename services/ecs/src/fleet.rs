//! The container instances of all clusters as placement needs them: kept in memory, made from the records when a cluster is
//! first asked for.
//!
//! INVARIANT: a task takes its place here before it is stored, and gives it back after it was stored as `STOPPED` or was not
//! stored at all. So what is on record never takes more than what an instance has, and a crash forgets only what was not
//! stored.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use roadstead_control::Controller;
use roadstead_core::arn::Place;
use roadstead_core::{Ids, Timestamp};
use roadstead_kernel::Result;
use roadstead_store::{Store, Table};
use tokio::sync::OnceCell;

use crate::control::{ServiceControl, ServiceKey};
use crate::emit::Forwarder;
use crate::placement::{Demand, Instance, Kind, Refusal, Snapshot, Usage, ZONE, task_id};
use crate::records::{ContainerInstance, Host, InstanceNow, Task, TaskStatus};
use crate::scope_of;

/// The container instances of all clusters.
pub struct Fleet {
    instances: Table<ContainerInstance>,
    tasks: Table<Task>,
    clusters: Mutex<HashMap<(Place, String), Arc<Cluster>>>,
    services: OnceLock<Weak<Controller<ServiceControl>>>,
    /// Instances whose tasks came or went, which nobody was told yet.
    touched: Mutex<HashSet<(Place, String, String)>>,
    teller: OnceLock<Weak<Controller<Forwarder>>>,
    /// Where the seeds of placement come from.
    seeds: Ids,
}

#[derive(Default)]
struct Cluster {
    state: OnceCell<Mutex<State>>,
    connected: Mutex<HashMap<String, Timestamp>>,
}

#[derive(Default)]
struct State {
    snapshot: Snapshot,
    /// The versions of the records that the snapshot shows.
    versions: HashMap<String, i64>,
    /// Services that wait for room.
    waiting: HashSet<String>,
}

/// The instance that a task was placed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Its id.
    pub instance: String,
    /// Its availability zone, where it has one.
    pub zone: Option<String>,
    /// Which launch type means it.
    pub kind: Kind,
}

impl Fleet {
    /// The fleet of a store.
    pub fn new(store: &Arc<dyn Store>) -> Self {
        Self {
            instances: Table::new(Arc::clone(store)),
            tasks: Table::new(Arc::clone(store)),
            clusters: Mutex::default(),
            services: OnceLock::new(),
            touched: Mutex::default(),
            teller: OnceLock::new(),
            seeds: Ids::seeded(0x0072_6f61_6473_7465),
        }
    }

    /// Tells who wants to know when there is room again.
    pub fn watched_by(&self, services: &Arc<Controller<ServiceControl>>) {
        self.services.get_or_init(|| Arc::downgrade(services));
    }

    /// Tells who makes events of instances.
    pub fn told_by(&self, teller: &Arc<Controller<Forwarder>>) {
        self.teller.get_or_init(|| Arc::downgrade(teller));
    }

    /// Notes that a task came to an instance, or left it.
    pub fn touch(&self, place: Place, cluster: &str, instance: &str) {
        if let Some(teller) = self.teller.get().and_then(Weak::upgrade) {
            lock(&self.touched).insert((place, cluster.to_owned(), instance.to_owned()));
            teller.enqueue(place);
        }
    }

    /// The instances of a place whose tasks came or went since this was last asked, by cluster and id.
    pub fn take_touched(&self, place: Place) -> Vec<(String, String)> {
        let mut touched = lock(&self.touched);
        let here = touched.extract_if(|(there, ..)| *there == place);
        here.map(|(_, cluster, instance)| (cluster, instance)).collect()
    }

    fn entry(&self, place: Place, cluster: &str) -> Arc<Cluster> {
        let mut clusters = lock(&self.clusters);
        let known = clusters.entry((place, cluster.to_owned())).or_default();
        Arc::clone(known)
    }

    /// Works on a cluster's snapshot, which is made from the records at the first time.
    async fn with<T>(&self, place: Place, cluster: &str, work: impl FnOnce(&mut State) -> T) -> Result<T> {
        let entry = self.entry(place, cluster);
        let state = entry
            .state
            .get_or_try_init(|| self.load(place, cluster, &entry.connected))
            .await?;
        Ok(work(&mut lock(state)))
    }

    async fn load(
        &self,
        place: Place,
        cluster: &str,
        connected: &Mutex<HashMap<String, Timestamp>>,
    ) -> Result<Mutex<State>> {
        let scope = scope_of(place);
        let mut state = State {
            snapshot: Snapshot::new(u64::from_le_bytes(self.seeds.bytes())),
            ..State::default()
        };
        let instances = self.instances.list(scope.of(), &[cluster], None, usize::MAX).await?;
        for found in instances.records.iter().filter(|found| found.record.is_registered()) {
            let is_connected = lock(connected).contains_key(&found.record.id);
            state.put(&found.record, is_connected);
        }
        if state.snapshot.instances().next().is_none() {
            return Ok(Mutex::new(state));
        }
        let tasks = self.tasks.list(scope.of(), &[cluster], None, usize::MAX).await?;
        for found in tasks.records {
            let task = found.record;
            if let (Some(host), Some(id)) = (&task.host, task_id(&task.id))
                && task.status != TaskStatus::Stopped
            {
                state.snapshot.occupy(&host.instance, &usage(host, &task.group), id);
                state.snapshot.set_running(id, task.status == TaskStatus::Running);
            }
        }
        Ok(Mutex::new(state))
    }

    /// Takes over how an instance is on record now; older news changes nothing.
    pub async fn put(&self, place: Place, record: &ContainerInstance) -> Result<()> {
        let connected = self.connected_since(place, &record.cluster, &record.id).is_some();
        self.with(place, &record.cluster, |state| {
            if record.is_registered() {
                state.put(record, connected);
            } else {
                state.versions.remove(&record.id);
                state.snapshot.remove(&record.id);
            }
        })
        .await
    }

    /// Notes whether the agent of an instance is connected.
    pub async fn set_connected(&self, place: Place, cluster: &str, id: &str, since: Option<Timestamp>) -> Result<()> {
        let entry = self.entry(place, cluster);
        match since {
            Some(since) => lock(&entry.connected).insert(id.to_owned(), since),
            None => lock(&entry.connected).remove(id),
        };
        self.with(place, cluster, |state| {
            state.snapshot.set_connected(id, since.is_some());
        })
        .await
    }

    /// Since when the agent of an instance is connected.
    pub fn connected_since(&self, place: Place, cluster: &str, id: &str) -> Option<Timestamp> {
        lock(&self.entry(place, cluster).connected).get(id).copied()
    }

    /// What is known of an instance besides its record.
    pub async fn now(&self, place: Place, record: &ContainerInstance) -> Result<InstanceNow> {
        let connected_since = self
            .connected_since(place, &record.cluster, &record.id)
            .filter(|_| record.is_registered());
        self.with(place, &record.cluster, |state| {
            let (running, pending) = state.snapshot.counts(&record.id).unwrap_or_default();
            InstanceNow {
                connected_since,
                left: state.snapshot.left(&record.id).cloned(),
                running,
                pending,
            }
        })
        .await
    }

    /// Whether the cluster has an instance that new tasks of a launch type could be placed on.
    pub async fn has_instances(&self, place: Place, cluster: &str, kind: Kind) -> Result<bool> {
        self.read(place, cluster, |snapshot| {
            snapshot.instances().any(|one| one.active && kind_of(one) == kind)
        })
        .await
    }

    /// Looks at a cluster's snapshot.
    pub async fn read<T>(&self, place: Place, cluster: &str, look: impl FnOnce(&Snapshot) -> T) -> Result<T> {
        self.with(place, cluster, |state| look(&state.snapshot)).await
    }

    /// Places tasks, by their ids; for each the instance, or nothing where none can take it.
    pub async fn place(
        &self,
        place: Place,
        cluster: &str,
        demand: &Demand,
        tasks: &[String],
    ) -> Result<Vec<Option<Spot>>> {
        self.with(place, cluster, |state| {
            let mut spots = Vec::with_capacity(tasks.len());
            for task in tasks {
                let placed = task_id(task).and_then(|id| state.snapshot.place(demand, id));
                let spot = placed.map(spot);
                let is_full = spot.is_none();
                spots.push(spot);
                if is_full {
                    spots.resize(tasks.len(), None);
                    break;
                }
            }
            spots
        })
        .await
    }

    /// Places a task on an instance of either launch type, or says why it does not take it; nothing for an instance that is
    /// not there.
    pub async fn place_on(
        &self,
        place: Place,
        cluster: &str,
        instance: &str,
        demand: &Demand,
        task: &str,
    ) -> Result<Option<std::result::Result<Spot, Refusal>>> {
        self.with(place, cluster, |state| {
            let found = state.snapshot.instance(instance).map(spot)?;
            let demand = Demand {
                kind: found.kind,
                ..demand.clone()
            };
            let placed = state.snapshot.place_on(instance, &demand, task_id(task)?);
            Some(placed.map(|()| found))
        })
        .await
    }

    /// Why each instance does not take a task.
    pub async fn refusals(&self, place: Place, cluster: &str, demand: &Demand) -> Result<Vec<(String, Refusal)>> {
        self.read(place, cluster, |snapshot| {
            let refused = snapshot.refusals(demand).into_iter();
            refused.map(|(instance, why)| (instance.id.clone(), why)).collect()
        })
        .await
    }

    /// Gives back what tasks took that were not stored.
    pub async fn release(&self, place: Place, cluster: &str, tasks: &[String]) -> Result<()> {
        self.with(place, cluster, |state| {
            for id in tasks.iter().filter_map(|task| task_id(task)) {
                state.snapshot.release(id);
            }
        })
        .await
    }

    /// Takes over where a task is after a change of it was stored.
    pub async fn saw(&self, place: Place, task: &Task) -> Result<()> {
        let (Some(host), Some(id)) = (&task.host, task_id(&task.id)) else {
            return Ok(());
        };
        let waiting = self
            .with(place, &task.cluster, |state| {
                if task.status == TaskStatus::Stopped {
                    let freed = state.snapshot.release(id);
                    return freed.then(|| std::mem::take(&mut state.waiting));
                }
                state.snapshot.set_running(id, task.status == TaskStatus::Running);
                None
            })
            .await?;
        if waiting.is_some() {
            self.touch(place, &task.cluster, &host.instance);
        }
        for service in waiting.into_iter().flatten() {
            self.look_at(place, &task.cluster, service);
        }
        Ok(())
    }

    /// Notes that a service waits for a task of the cluster to end.
    pub async fn wait(&self, place: Place, cluster: &str, service: &str) -> Result<()> {
        self.with(place, cluster, |state| {
            state.waiting.insert(service.to_owned());
        })
        .await
    }

    /// Closes an instance to new tasks, unless it has tasks and may not have any; whether it was closed.
    pub async fn close(&self, place: Place, cluster: &str, instance: &str, even_with_tasks: bool) -> Result<bool> {
        self.with(place, cluster, |state| {
            let counts = state.snapshot.counts(instance).unwrap_or_default();
            if counts != (0, 0) && !even_with_tasks {
                return false;
            }
            if let Some(known) = state.snapshot.instance(instance) {
                let closed = Instance {
                    active: false,
                    ..known.clone()
                };
                state.snapshot.put(closed);
            }
            true
        })
        .await
    }

    fn look_at(&self, place: Place, cluster: &str, service: String) {
        if let Some(services) = self.services.get().and_then(Weak::upgrade) {
            services.enqueue(ServiceKey {
                place,
                cluster: cluster.to_owned(),
                service,
            });
        }
    }
}

impl State {
    fn put(&mut self, record: &ContainerInstance, connected: bool) {
        let known = self.versions.entry(record.id.clone()).or_insert(record.version);
        if *known <= record.version {
            *known = record.version;
            self.snapshot.put(record.to_placement(connected));
        }
    }
}

/// What a task takes from the instance that it is on.
pub fn usage(host: &Host, group: &str) -> Arc<Usage> {
    Arc::new(Usage {
        group: group.into(),
        cpu: host.cpu,
        memory: host.memory,
        gpu: host.gpu,
        ports: host.ports.clone().into(),
    })
}

fn spot(instance: &Instance) -> Spot {
    Spot {
        instance: instance.id.clone(),
        zone: instance.attributes.get(ZONE).cloned(),
        kind: kind_of(instance),
    }
}

fn kind_of(instance: &Instance) -> Kind {
    Kind::of(instance.attributes.keys().map(String::as_str))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
