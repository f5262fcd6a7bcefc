//! Services on container instances: which tasks must leave their instance, how many a daemon has, where new ones go.

use std::collections::{BTreeSet, HashMap};

use roadstead_core::Timestamp;
use roadstead_kernel::{Fault, Result};
use roadstead_store::{StoreError, Txn, Versioned};

use super::service_plan::{REPEAT, Seen, SeenTask, TaskState};
use super::service_start::{BATCH, Starting, start_of};
use super::{ServiceControl, ServiceKey};
use crate::fleet::Spot;
use crate::placement::{Demand, Kind, Refusal, Strategy};
use crate::placing::{self, Asked};
use crate::records::{Cause, Launch, Service, ServiceStatus, Settings, Task, TaskDefinition};
use crate::scope_of;
use crate::start;

/// That a task could not be placed, among what was told.
pub const UNPLACED: &str = "unplaced";
/// That a daemon's task is on an instance that no longer suits it, among what was told.
pub const UNSUITED: &str = "unsuited";
/// The reason where a cluster has no instances.
// AWS: recorded in what is said to the caller of RunTask.
pub const NO_INSTANCES: &str = "No Container Instances were found in your cluster.";

/// Which container instances the tasks of a deployment run on; none where they run as Fargate does, or where a capacity
/// provider would have to be asked.
pub fn kind(launch: &Launch) -> Option<Kind> {
    match launch {
        Launch::Ec2 => Some(Kind::Ec2),
        Launch::External => Some(Kind::External),
        Launch::Fargate | Launch::Providers(_) => None,
    }
}

/// Where a task of a service is to go.
struct Seat {
    task: String,
    spot: Spot,
}

impl ServiceControl {
    /// Looks at the instances: notes which tasks must leave theirs, and how many tasks a daemon shall have.
    pub(super) async fn follow_instances(
        &self,
        key: &ServiceKey,
        found: Versioned<Service>,
        tasks: &mut [SeenTask],
    ) -> Result<Versioned<Service>> {
        let is_daemon = found.record.is_daemon();
        let settings = found.record.primary().map(|primary| primary.settings.clone());
        let Some(kind) = settings.as_ref().and_then(|settings| kind(&settings.launch)) else {
            return Ok(found);
        };
        let demand = match settings.as_ref().filter(|_| is_daemon) {
            Some(settings) => {
                let definition = self.definition(key, settings).await?;
                Some(demand(&found.record, settings, &definition, kind)?)
            }
            None => None,
        };
        let group = found.record.group();
        let hosts: BTreeSet<String> = tasks
            .iter()
            .filter(|task| task.is_there())
            .filter_map(|task| task.instance.clone())
            .collect();
        let (stay, eligible, waits, unsuited) = self
            .fleet
            .read(key.place, &key.cluster, |snapshot| {
                let mut stay = BTreeSet::new();
                let mut eligible = 0_u32;
                let mut waits = false;
                let mut unsuited = BTreeSet::new();
                for instance in snapshot.instances() {
                    let is_host = hosts.contains(&instance.id);
                    let may_stay = match &demand {
                        None => instance.active,
                        Some(demand) if snapshot.is_suited(&instance.id, demand) => true,
                        // An agent that is away does not end what runs.
                        Some(_) if instance.active => {
                            if is_host && instance.connected {
                                unsuited.insert(instance.id.clone());
                            }
                            is_host && !instance.connected
                        }
                        // AWS: documented; a daemon's task is the last to leave a draining instance.
                        Some(_) => {
                            let has_others = snapshot.has_others(&instance.id, |other| other == group);
                            waits |= is_host && has_others;
                            is_host && has_others
                        }
                    };
                    if may_stay {
                        eligible += 1;
                        stay.insert(instance.id.clone());
                    }
                }
                (stay, eligible, waits, unsuited)
            })
            .await?;
        for task in tasks.iter_mut() {
            task.evicted = task.instance.as_ref().is_some_and(|instance| !stay.contains(instance));
        }
        if waits {
            self.fleet.wait(key.place, &key.cluster, &key.service).await?;
        }
        let desired = if found.record.status == ServiceStatus::Active {
            eligible
        } else {
            0
        };
        let is_told = found.record.told.contains_key(UNSUITED);
        if !is_daemon || (found.record.desired == desired && is_told != unsuited.is_empty()) {
            return Ok(found);
        }
        let (scope, id) = (scope_of(key.place), [key.cluster.as_str(), key.service.as_str()]);
        let now = self.kernel.clock().now();
        let follow = |service: &mut Service| {
            service.desired = desired;
            if unsuited.is_empty() {
                service.told.remove(UNSUITED);
            } else if !is_told {
                let cause = Cause {
                    reason: String::new(),
                    instances: unsuited.iter().cloned().collect(),
                };
                service.causes.insert(UNSUITED.to_owned(), cause);
                service.told.insert(UNSUITED.to_owned(), now);
            }
            Ok::<_, StoreError>(())
        };
        let changed = self.tables.services.update(scope.of(), &id, follow).await?;
        changed.ok_or_else(|| Fault::internal("the service was removed while it was worked on"))
    }

    /// Whether new tasks of a deployment have a place at all.
    pub(super) async fn has_place(&self, key: &ServiceKey, settings: &Settings) -> Result<bool> {
        match kind(&settings.launch) {
            Some(kind) => self.fleet.has_instances(key.place, &key.cluster, kind).await,
            None => Ok(settings.launch.is_fargate()),
        }
    }

    /// Starts tasks on instances, in batches; whether there is more to come.
    ///
    /// Each batch holds only as long as the service is as it was seen: else the look is repeated.
    pub(super) async fn start_on_instances(
        &self,
        key: &ServiceKey,
        mut found: Versioned<Service>,
        seen: &Seen,
        (starting, settings, definition, kind): (Starting, &Settings, &TaskDefinition, Kind),
        now: Timestamp,
    ) -> Result<bool> {
        let demand = demand(&found.record, settings, definition, kind)?;
        let vpc = settings
            .network
            .as_ref()
            .and_then(|network| network.0.awsvpc_configuration.as_ref());
        let origin = found.record.clone();
        let subject = origin.subject(&seen.primary);
        let start = start_of(&origin, definition, format!("ecs-svc/{}", seen.primary));
        let mut free = self.free_instances(key, &origin, seen).await?;
        let (mut left, mut replaced) = (starting.count(), starting.replaced());
        while left > 0 {
            let size = left.min(BATCH);
            let seats = self.seats(key, &demand, &mut free, origin.is_daemon(), size).await?;
            let is_short = seats.len() < size;
            if seats.is_empty() {
                break;
            }
            let tasks: Vec<(Task, String)> = seats
                .into_iter()
                .map(|seat| {
                    let interface = vpc.and_then(|vpc| {
                        let of_zone = settings
                            .subnets
                            .iter()
                            .find(|(_, zone)| Some(zone) == seat.spot.zone.as_ref());
                        let (subnet, zone) = of_zone.or_else(|| settings.subnets.first())?;
                        Some(start::interface(self.kernel.ids(), vpc, subnet, zone))
                    });
                    let zone = seat.spot.zone.clone().unwrap_or_default();
                    let host = placing::host(definition, &demand, seat.spot);
                    (start.task_on(seat.task, self.kernel.ids(), now, host, interface), zone)
                })
                .collect();
            let said = |started: &[(&str, &str)]| starting.said(&subject, started, replaced.min(started.len()));
            found = match self.store_started(key, found, &seen.primary, &tasks, said, now).await {
                Ok(stored) => stored,
                Err(fault) => {
                    let ids: Vec<String> = tasks.into_iter().map(|(task, _)| task.id).collect();
                    self.fleet.release(key.place, &key.cluster, &ids).await?;
                    return Err(fault);
                }
            };
            left -= tasks.len();
            replaced = replaced.saturating_sub(tasks.len());
            if is_short {
                break;
            }
        }
        self.tell_unplaced(key, found, (left > 0).then_some(&demand), &subject, now)
            .await?;
        Ok(true)
    }

    /// The instances that may get a task of a daemon, the best at the end: one task of a deployment on each.
    async fn free_instances(&self, key: &ServiceKey, service: &Service, seen: &Seen) -> Result<Vec<String>> {
        if !service.is_daemon() {
            return Ok(Vec::new());
        }
        // Without room for two, a new task waits until the old one is gone.
        let one_by_one = service.percents().1 <= 100;
        let mut taken: HashMap<&str, bool> = HashMap::new();
        for task in seen.tasks.iter().filter(|task| task.is_there()) {
            if let Some(instance) = task.instance.as_deref() {
                *taken.entry(instance).or_default() |= one_by_one || task.deployment == seen.primary;
            }
        }
        let mut free = self
            .fleet
            .read(key.place, &key.cluster, |snapshot| {
                let all = snapshot.instances().map(|one| one.id.clone());
                all.filter(|id| taken.get(id.as_str()) != Some(&true))
                    .collect::<Vec<_>>()
            })
            .await?;
        free.sort_by_key(|id| !taken.contains_key(id.as_str()));
        Ok(free)
    }

    /// Takes places for new tasks, as many as there are.
    async fn seats(
        &self,
        key: &ServiceKey,
        demand: &Demand,
        free: &mut Vec<String>,
        is_daemon: bool,
        size: usize,
    ) -> Result<Vec<Seat>> {
        let ids: Vec<String> = (0..size).map(|_| self.kernel.ids().hex(32)).collect();
        if !is_daemon {
            let spots = self.fleet.place(key.place, &key.cluster, demand, &ids).await?;
            let seats = ids.into_iter().zip(spots);
            return Ok(seats
                .filter_map(|(task, spot)| Some(Seat { task, spot: spot? }))
                .collect());
        }
        let mut seats: Vec<Seat> = Vec::new();
        for task in ids {
            while let Some(instance) = free.pop() {
                let fleet = &self.fleet;
                match fleet.place_on(key.place, &key.cluster, &instance, demand, &task).await {
                    Ok(Some(Ok(spot))) => {
                        seats.push(Seat { task, spot });
                        break;
                    }
                    Ok(None | Some(Err(_))) => {}
                    Err(fault) => {
                        // Nobody will make the tasks of the seats that were taken.
                        let taken: Vec<String> = seats.into_iter().map(|seat| seat.task).collect();
                        fleet.release(key.place, &key.cluster, &taken).await?;
                        return Err(fault);
                    }
                }
            }
        }
        Ok(seats)
    }

    /// Says that tasks could not be placed, or takes note that they could; the same again only after a while.
    async fn tell_unplaced(
        &self,
        key: &ServiceKey,
        found: Versioned<Service>,
        demand: Option<&Demand>,
        subject: &str,
        now: Timestamp,
    ) -> Result<()> {
        let told = found.record.told.get(UNPLACED).copied();
        let (scope, id) = (scope_of(key.place), [key.cluster.as_str(), key.service.as_str()]);
        let mut service = found.record;
        let mut txn = Txn::new();
        match demand {
            None if told.is_none() => return Ok(()),
            None => {
                service.told.remove(UNPLACED);
            }
            Some(demand) => {
                self.fleet.wait(key.place, &key.cluster, &key.service).await?;
                if told.is_some_and(|at| now.since(at) < REPEAT) {
                    return Ok(());
                }
                let refused = self.fleet.refusals(key.place, &key.cluster, demand).await?;
                let closest = refused.into_iter().max_by_key(|(_, why)| *why);
                service.causes.insert(UNPLACED.to_owned(), cause(closest.as_ref()));
                let said = unplaced(subject, closest);
                service.told.insert(UNPLACED.to_owned(), now);
                self.stage_events(&mut txn, key, vec![said], now).await?;
            }
        }
        self.tables
            .services
            .stage_replace(&mut txn, scope.of(), &id, found.revision, &service)?;
        self.tasks.store().commit(txn).await?;
        Ok(())
    }
}

/// What the tasks of a deployment ask of an instance.
fn demand(service: &Service, settings: &Settings, definition: &TaskDefinition, kind: Kind) -> Result<Demand> {
    let given = &service.document.0;
    let strategies = match given.placement_strategy.as_deref().unwrap_or_default() {
        [] => Strategy::of_services(),
        given => Strategy::read_all(given)?,
    };
    let asked = Asked {
        group: &service.group(),
        kind,
        overrides: &api_ecs::TaskOverride::default(),
        constraints: given.placement_constraints.as_deref().unwrap_or_default(),
        strategies,
    };
    let mut demand = placing::demand(definition, asked)?;
    demand.rules.extend(placing::in_zones(&settings.subnets));
    Ok(demand)
}

impl SeenTask {
    /// Whether it still takes a place.
    fn is_there(&self) -> bool {
        !matches!(self.state, TaskState::Ended(_))
    }
}

/// Why no instance took a task, as events say it.
// AWS: documented; the codes are those of RunTask's failures.
fn cause(closest: Option<&(String, Refusal)>) -> Cause {
    match closest {
        Some((id, why)) => Cause {
            reason: why.reason().to_owned(),
            instances: vec![id.clone()],
        },
        None => Cause {
            reason: NO_INSTANCES.to_owned(),
            instances: Vec::new(),
        },
    }
}

// AWS: reported.
fn unplaced(subject: &str, closest: Option<(String, Refusal)>) -> String {
    let begin = format!(
        "(service {subject}) was unable to place a task because no container instance met all of its requirements."
    );
    let end = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";
    match closest {
        Some((id, why)) => format!(
            "{begin} The closest matching (container-instance {id}) {}. {end}",
            why.message()
        ),
        None => format!("{begin} Reason: No Container Instances were found in your cluster. {end}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_tasks_that_cannot_be_placed_is_what_was_reported() {
        let said = |why| unplaced("web", Some(("c1".to_owned(), why)));
        let check = |why, cause: &str| {
            assert_eq!(
                said(why),
                format!(
                    "(service web) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance c1) {cause}. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
                )
            );
        };
        check(Refusal::Cpu, "has insufficient CPU units available");
        check(Refusal::Memory, "has insufficient memory available");
        check(Refusal::Ports, "is already using a port required by your task");
        check(Refusal::Attribute, "is missing an attribute required by your task");
        check(Refusal::Agent, "encountered error \"AGENT\"");
    }
}
