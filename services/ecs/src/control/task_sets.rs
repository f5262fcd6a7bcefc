//! Task sets: each is planned like the primary deployment of a service of its own, and has no other beside it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use roadstead_control::Next;
use roadstead_core::Timestamp;
use roadstead_kernel::{Fault, Result};
use roadstead_store::{Txn, Versioned};

use super::service::{Counts, TRIES, stage_forget_history};
use super::service_books::said_stopped;
use super::service_plan::{Plan, Problem, Seen, SeenTask, Step, plan};
use super::{ServiceControl, ServiceKey};
use crate::records::{Rollout, Service, ServiceStatus, SetStatus, TaskSet};
use crate::scope_of;

/// Most ended tasks that one look takes off the books, of a store's 128 operations; the other sets follow with the next.
const REAPED: usize = 100;

/// What was seen of one task set, and what is to be done.
struct Look {
    number: String,
    seen: Seen,
    plan: Plan,
}

impl ServiceControl {
    /// Looks at the task sets of a service, one after the other.
    pub(super) async fn reconcile_sets(&self, key: &ServiceKey, found: Versioned<Service>) -> Result<Next> {
        let (scope, id) = (scope_of(key.place), [key.cluster.as_str(), key.service.as_str()]);
        let members = self.tables.members.list(scope.of(), &id, None, usize::MAX).await?;
        let tasks = self.observe(key, &found.record, members.records).await?;
        let now = self.kernel.clock().now();
        let look = |set: &TaskSet| {
            let own = tasks.iter().filter(|task| task.deployment == set.number);
            let seen = self.seen_of_set(&found.record, set, own.cloned().collect());
            let plan = plan(&seen, now);
            Look {
                number: set.number.clone(),
                seen,
                plan,
            }
        };
        let mut room = REAPED;
        let fits = |look: &Look| {
            let left = room.checked_sub(look.plan.reaped().count());
            room = left.unwrap_or(room);
            left.is_some()
        };
        let looks: Vec<Look> = found.record.task_sets.iter().map(look).take_while(fits).collect();
        let mut next = if looks.len() < found.record.task_sets.len() {
            Next::In(Duration::ZERO)
        } else {
            Next::WhenChanged
        };
        for look in &looks {
            self.stop(key, &look.plan, now).await?;
        }
        let booked = self.book_sets(key, found, &looks, now).await?;
        let starting = |look: &&Look| look.plan.starting().is_some();
        let mut waiting = looks.iter().filter(starting);
        if let Some(look) = waiting.next()
            && let Some(starting) = look.plan.starting()
        {
            let started = self.start(key, booked, &look.seen, starting, now).await?;
            // The others follow at once, with the service as it is now.
            let wait = if waiting.next().is_some() || !started {
                Duration::ZERO
            } else {
                Duration::from_secs(30)
            };
            next = sooner(next, Next::In(wait));
        }
        Ok(looks.iter().fold(next, |next, look| sooner(next, look.plan.next)))
    }

    fn seen_of_set(&self, service: &Service, set: &TaskSet, tasks: Vec<SeenTask>) -> Seen {
        let draining = set.status == SetStatus::Draining || service.status != ServiceStatus::Active;
        let computed = if draining { 0 } else { set.computed(service.desired) };
        let given = &service.document.0;
        let grace = given
            .health_check_grace_period_seconds
            .and_then(|secs| u64::try_from(secs).ok());
        let told = service.told.iter().filter_map(|(kind, at)| {
            let kind = kind.strip_suffix(set.number.as_str())?.strip_suffix(' ')?;
            Some((Problem::parse(kind)?, *at))
        });
        Seen {
            desired: usize::try_from(computed).unwrap_or(usize::MAX),
            // AWS: documented; the percents of the service do not bound its task sets.
            minimum: 0,
            maximum: usize::MAX,
            draining,
            primary: set.number.clone(),
            rollout: Rollout::Completed,
            failed: set.failed_tasks,
            threshold: None,
            resets: true,
            has_others: false,
            throttle: set.throttle,
            steady_at: set.steady_at,
            told: told.collect(),
            zones: Vec::new(),
            balancing: false,
            placeable: set.settings.launch.is_fargate(),
            healthy_after: self.pace().healthy_after,
            grace: Duration::from_secs(grace.unwrap_or(0)),
            tasks,
        }
    }

    /// Writes down what the plans mean, and what is to be said about it.
    async fn book_sets(
        &self,
        key: &ServiceKey,
        mut found: Versioned<Service>,
        looks: &[Look],
        now: Timestamp,
    ) -> Result<Versioned<Service>> {
        for _ in 0..TRIES {
            let mut service = found.record.clone();
            let mut said = Vec::new();
            let mut changed = false;
            for look in looks {
                changed |= book(&mut service, look, &mut said, now);
            }
            let ends = service.status == ServiceStatus::Draining && service.task_sets.is_empty();
            if !changed && !ends {
                return Ok(found);
            }
            let mut txn = Txn::new();
            if ends {
                service.status = ServiceStatus::Inactive;
                service.ended_at = Some(now);
                service.told.clear();
                stage_forget_history(&mut txn, key);
            } else if !said.is_empty() {
                self.stage_events(&mut txn, key, said, now).await?;
            }
            let reaped = looks.iter().flat_map(|look| look.plan.reaped());
            match self.write(key, txn, found, service, reaped).await? {
                ControlFlow::Break(written) => return Ok(written),
                ControlFlow::Continue(now) => found = now,
            }
        }
        Err(Fault::internal("the service changes too often to be worked on"))
    }
}

/// Notes what one plan means for its task set; whether anything changed.
fn book(service: &mut Service, look: &Look, said: &mut Vec<String>, now: Timestamp) -> bool {
    let subject = service.subject(&look.number);
    let counts = Counts::of(&look.seen, &look.plan);
    let Some(at) = service.task_sets.iter().position(|set| set.number == look.number) else {
        return false;
    };
    let Some(set) = service.task_sets.get_mut(at) else {
        return false;
    };
    let mut changed = false;
    let (pending, running) = counts.of_deployment(&look.number);
    if (set.pending, set.running) != (pending, running) {
        (set.pending, set.running) = (pending, running);
        set.updated_at = now;
        changed = true;
    }
    let mut told: BTreeMap<Problem, bool> = BTreeMap::new();
    let mut is_gone = false;
    for step in &look.plan.steps {
        changed |= !matches!(step, Step::Start { .. });
        match step {
            Step::Reap { failed, throttle, .. } => {
                set.failed_tasks = set.failed_tasks.saturating_add(*failed);
                set.throttle = throttle.or(set.throttle);
            }
            Step::Recover => {
                set.throttle = None;
                set.failed_tasks = 0;
            }
            Step::Stop(leaving) => said.extend(said_stopped(&subject, leaving)),
            Step::Steady => {
                set.change_steadiness(true, now);
                said.push(format!("(service {subject}) has reached a steady state."));
            }
            Step::Unsettle => set.change_steadiness(false, now),
            Step::Tell(problem) => {
                told.insert(*problem, true);
                said.push(problem.message(&subject, &set.id()));
            }
            Step::Resolve(problem) => {
                told.insert(*problem, false);
            }
            Step::Deactivate => is_gone = true,
            // Without a deployment there is none to complete, to give up or to balance.
            Step::Start { .. }
            | Step::Complete
            | Step::Fail
            | Step::Unbalanced(_)
            | Step::Rebalance { .. }
            | Step::Balanced(_)
            | Step::StopBalancing => {}
        }
    }
    if is_gone {
        service.task_sets.remove(at);
    }
    for (problem, holds) in told {
        let kind = format!("{} {}", problem.as_str(), look.number);
        if holds {
            service.told.insert(kind, now);
        } else {
            service.told.remove(&kind);
        }
    }
    changed
}

fn sooner(a: Next, b: Next) -> Next {
    match (a, b) {
        (Next::In(a), Next::In(b)) => Next::In(a.min(b)),
        (Next::In(at), _) | (_, Next::In(at)) => Next::In(at),
        _ => Next::WhenChanged,
    }
}
