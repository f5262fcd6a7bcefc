//! What to do next for a service: decided from what was seen, without a store, a clock or an engine.
//!
//! Terms: the *primary* deployment is the one that is wanted. Its tasks that are not sick are *wanted*; its sick tasks
//! and all tasks of other deployments are to be *replaced*. A task *occupies* a place until it is `STOPPED`.

mod balance;

use std::collections::BTreeMap;
use std::time::Duration;

use roadstead_control::Next;
use roadstead_core::Timestamp;

pub use self::balance::ZoneCounts;
use crate::records::{Rollout, Throttle};

/// Ended tasks that one pass takes off the books.
const REAP: usize = 50;
/// Tasks that are started at once while starts keep failing.
const CAUTIOUS: usize = 10;
/// Failed starts in a row until it is said.
const IMPAIRED: u32 = 3;
/// The longest pause between starts that fail.
// AWS: documented.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// The pause before a task is replaced that ended at once.
const CRASH_PAUSE: Duration = Duration::from_secs(1);
/// How often the same message is repeated while its cause lasts.
// AWS: documented.
pub const REPEAT: Duration = Duration::from_secs(6 * 3600);
/// Moments closer than this are looked at together.
const GRAIN: Duration = Duration::from_millis(100);

/// A service and its tasks, as they are now.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Tasks that shall run; 0 for a service that was deleted.
    pub desired: usize,
    /// Fewest healthy tasks that an update may leave.
    pub minimum: usize,
    /// Most tasks that may occupy a place.
    pub maximum: usize,
    /// Whether the service was deleted.
    pub draining: bool,
    /// The number of the primary deployment.
    pub primary: String,
    /// How far it is.
    pub rollout: Rollout,
    /// Its tasks that failed in a row.
    pub failed: u32,
    /// Failed tasks at which the circuit breaker gives up, when it is on.
    pub threshold: Option<u32>,
    /// Whether a task that comes to be healthy ends the row of failures.
    pub resets: bool,
    /// Whether there are other deployments.
    pub has_others: bool,
    /// Why and how long starts are held back.
    pub throttle: Option<Throttle>,
    /// When it was last said that the service is steady, if it still is.
    pub steady_at: Option<Timestamp>,
    /// Problems that were told, and when.
    pub told: BTreeMap<Problem, Timestamp>,
    /// The zones that its tasks are to be balanced over; none where they are not.
    pub zones: Vec<String>,
    /// Whether tasks are being moved from one zone to another.
    pub balancing: bool,
    /// Whether there is a place where its tasks can run.
    pub placeable: bool,
    /// How long a task must run to count as healthy.
    pub healthy_after: Duration,
    /// How long after its start a task may be unhealthy.
    pub grace: Duration,
    /// Its tasks.
    pub tasks: Vec<SeenTask>,
}

/// A task of a service, as it is now.
#[derive(Clone, Debug)]
pub struct SeenTask {
    /// The id.
    pub id: String,
    /// The number of its deployment.
    pub deployment: String,
    /// The availability zone.
    pub zone: String,
    /// The capacity provider.
    pub provider: Option<String>,
    /// The container instance that it is on.
    pub instance: Option<String>,
    /// Whether it must leave its instance.
    pub evicted: bool,
    /// Until when it must not be stopped for another, if it is protected.
    pub protected_until: Option<Timestamp>,
    /// Where it is.
    pub state: TaskState,
}

/// Where a task is, in the scheduler's eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// On its way to `RUNNING`.
    Pending,
    /// `RUNNING` since then.
    Running(Timestamp, TaskHealth),
    /// It shall stop, and has not yet.
    Stopping(End),
    /// It is `STOPPED`.
    Ended(End),
}

/// What a task's health checks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskHealth {
    /// It has none.
    Unchecked,
    /// They have not said anything yet.
    Unknown,
    /// Healthy.
    Healthy,
    /// Unhealthy.
    Unhealthy,
}

/// How a task came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was asked to stop, or ended after it ran: neither counts as a failure.
    Fine,
    /// It failed its health checks.
    Sick,
    /// It was RUNNING, but ended so soon that nobody believed it: it failed to start.
    Crashed,
    /// It never ran.
    NeverRan,
}

impl End {
    fn is_failure(self) -> bool {
        self != Self::Fine
    }
}

/// Something that keeps a service from what it shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// There is no container instance.
    NoInstances,
    /// Minimum and maximum percent leave no room.
    NoRoom,
    /// Tasks keep failing to start.
    Impaired,
    /// More tasks are protected than are desired.
    Protected,
}

/// Why tasks are stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// There are too many, or they are of an older deployment.
    Scaling,
    /// They failed their health checks.
    Unhealthy,
    /// Their zone has too many.
    Balancing,
}

/// A task that is to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The id.
    pub id: String,
    /// The number of its deployment.
    pub deployment: String,
    /// Whether it runs.
    pub runs: bool,
    /// The availability zone.
    pub zone: String,
    /// Why.
    pub why: Why,
}

/// One step; each may be repeated after a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Takes ended tasks off the books, with what they mean for the primary deployment.
    Reap {
        tasks: Vec<String>,
        failed: u32,
        throttle: Option<Throttle>,
    },
    /// Forgets earlier failures, where they do not add up to the end, and that starts were held back.
    Recover,
    /// The circuit breaker gives up.
    Fail,
    /// Stops tasks.
    Stop(Vec<Leaving>),
    /// Starts tasks of the primary deployment, so many of them for unhealthy ones.
    Start { count: usize, replaced: usize },
    /// Tasks begin to be moved between zones.
    Unbalanced(ZoneCounts),
    /// Starts tasks of the primary deployment in the zones that have fewest.
    Rebalance { count: usize },
    /// The zones are balanced again.
    Balanced(ZoneCounts),
    /// Something else comes first; tasks are no longer moved.
    StopBalancing,
    /// The primary deployment completed; the others leave the list.
    Complete,
    /// The service is steady.
    Steady,
    /// The service is no longer steady.
    Unsettle,
    /// Says what is wrong.
    Tell(Problem),
    /// What was wrong is gone.
    Resolve(Problem),
    /// The deleted service is gone.
    Deactivate,
}

/// What to do now, in this order, and when to look again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// When to look again.
    pub next: Next,
}

/// Fewest healthy tasks and most tasks for a desired count and percents.
pub fn bounds(desired: u32, (minimum, maximum): (u32, u32)) -> (usize, usize) {
    let share = |percent: u32| u64::from(desired) * u64::from(percent);
    let count = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    (count(share(minimum).div_ceil(100)), count(share(maximum) / 100))
}

/// Plans the next steps of a service.
pub fn plan(seen: &Seen, now: Timestamp) -> Plan {
    let mut steps = Vec::new();
    let throttle = reap(seen, now, &mut steps);
    let failed = seen.failed.saturating_add(steps.first().map_or(0, |step| match step {
        Step::Reap { failed, .. } => *failed,
        _ => 0,
    }));
    let crowd = Crowd::of(seen, now);
    let mut throttle = throttle.or(seen.throttle);
    // AWS: documented; failures count in a row, so a task that came to be healthy after the last one ends the row.
    let is_recovered = crowd
        .wanted
        .iter()
        .any(|task| task.is_healthy(seen, now) && task.running_since() > throttle.map(|throttle| throttle.last));
    if is_recovered && (failed > 0 && seen.resets || throttle.is_some()) {
        steps.push(Step::Recover);
        throttle = None;
    }
    let is_forgiven = is_recovered && seen.resets;
    if !is_forgiven
        && seen.rollout == Rollout::InProgress
        && !seen.draining
        && seen.threshold.is_some_and(|threshold| failed >= threshold)
    {
        steps.push(Step::Fail);
        return Plan {
            steps,
            next: Next::In(Duration::ZERO),
        };
    }
    let turn = Turn {
        seen,
        now,
        crowd: &crowd,
        throttle,
    };
    let leaving = turn.leaving();
    let (starting, replaced) = turn.starting();
    let problems = turn.problems(leaving.is_empty() && starting == 0);
    let settled = leaving.is_empty() && starting == 0 && turn.is_settled();
    if !leaving.is_empty() {
        steps.push(Step::Stop(leaving));
    }
    if starting > 0 {
        steps.push(Step::Start {
            count: starting,
            replaced,
        });
    }
    let completes = settled && seen.rollout == Rollout::InProgress && turn.is_healthy();
    if completes || settled && seen.rollout == Rollout::Completed && seen.has_others {
        steps.push(Step::Complete);
    }
    let is_steady = settled && (completes || seen.rollout == Rollout::Completed);
    steps.extend(turn.balance(is_steady && turn.is_healthy()));
    match seen.steady_at {
        Some(at) if is_steady && now.since(at) < REPEAT => {}
        _ if is_steady => steps.push(Step::Steady),
        Some(_) => steps.push(Step::Unsettle),
        None => {}
    }
    for problem in Problem::ALL {
        let told = seen.told.get(&problem);
        match (problems.contains(&problem), told) {
            (true, Some(at)) if now.since(*at) < REPEAT => {}
            (true, _) => steps.push(Step::Tell(problem)),
            (false, Some(_)) => steps.push(Step::Resolve(problem)),
            (false, None) => {}
        }
    }
    let all_ended = seen.tasks.iter().all(|task| matches!(task.state, TaskState::Ended(_)));
    if seen.draining && all_ended && seen.tasks.len() <= REAP {
        steps.push(Step::Deactivate);
    }
    let next = turn.next(is_steady, problems.is_empty());
    Plan { steps, next }
}

/// Takes ended tasks off the books; the new throttle, where tasks failed.
fn reap(seen: &Seen, now: Timestamp, steps: &mut Vec<Step>) -> Option<Throttle> {
    let ended = seen.tasks.iter().filter_map(|task| match task.state {
        TaskState::Ended(end) => Some((task, end)),
        _ => None,
    });
    let ended: Vec<_> = ended.take(REAP).collect();
    if ended.is_empty() {
        return None;
    }
    let failures = || {
        ended
            .iter()
            .filter(|(task, end)| task.deployment == seen.primary && end.is_failure())
    };
    let never_ran = failures().any(|(_, end)| *end == End::NeverRan);
    let crashed = failures().any(|(_, end)| *end == End::Crashed);
    let before = seen.throttle.map_or(0, |throttle| throttle.failures);
    let throttle = if never_ran {
        let failures = before.saturating_add(1);
        Some(Throttle {
            failures,
            last: now,
            until: now.plus(pause_after(failures)),
        })
    } else if crashed {
        // AWS: documented; a task that ran never makes the pauses longer.
        let until = seen
            .throttle
            .map(|throttle| throttle.until)
            .max(Some(now.plus(CRASH_PAUSE)));
        until.map(|until| Throttle {
            failures: before,
            last: now,
            until,
        })
    } else if failures().next().is_some() {
        let until = seen.throttle.map_or(now, |throttle| throttle.until);
        Some(Throttle {
            failures: before,
            last: now,
            until,
        })
    } else {
        None
    };
    let failed = u32::try_from(failures().count()).unwrap_or(u32::MAX);
    let tasks = ended.iter().map(|(task, _)| task.id.clone()).collect();
    steps.push(Step::Reap {
        tasks,
        failed,
        throttle,
    });
    throttle
}

/// The pause after so many failed starts in a row: doubled with each, 15 minutes at most.
pub fn pause_after(failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    CRASH_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

impl SeenTask {
    fn leaving(&self, why: Why) -> Leaving {
        Leaving {
            id: self.id.clone(),
            deployment: self.deployment.clone(),
            runs: self.running_since().is_some(),
            zone: self.zone.clone(),
            why,
        }
    }

    fn running_since(&self) -> Option<Timestamp> {
        match self.state {
            TaskState::Running(since, _) => Some(since),
            _ => None,
        }
    }

    fn is_sick(&self, seen: &Seen, now: Timestamp) -> bool {
        matches!(self.state, TaskState::Running(since, TaskHealth::Unhealthy) if now.since(since) >= seen.grace)
    }

    fn is_healthy(&self, seen: &Seen, now: Timestamp) -> bool {
        match self.state {
            // A task that an update is about to replace does its work, however young it is.
            TaskState::Running(since, TaskHealth::Unchecked | TaskHealth::Healthy) => {
                self.deployment != seen.primary || now.since(since) >= seen.healthy_after
            }
            _ => false,
        }
    }
}

/// The tasks by what is to become of them.
struct Crowd<'a> {
    wanted: Vec<&'a SeenTask>,
    replaced: Vec<&'a SeenTask>,
    sick: usize,
    stopping: usize,
    /// Tasks of the primary deployment that failed and are not off the books yet: their places are filled afterwards.
    failing: usize,
}

impl<'a> Crowd<'a> {
    fn of(seen: &'a Seen, now: Timestamp) -> Self {
        let mut crowd = Self {
            wanted: Vec::new(),
            replaced: Vec::new(),
            sick: 0,
            stopping: 0,
            failing: 0,
        };
        for task in &seen.tasks {
            let is_primary = task.deployment == seen.primary;
            match task.state {
                TaskState::Pending | TaskState::Running(..) => {
                    let is_sick = task.is_sick(seen, now);
                    if is_primary && !is_sick && !task.evicted {
                        crowd.wanted.push(task);
                    } else {
                        crowd.sick += usize::from(is_primary && is_sick);
                        crowd.replaced.push(task);
                    }
                }
                TaskState::Stopping(end) => {
                    crowd.stopping += 1;
                    crowd.failing += usize::from(is_primary && matches!(end, End::NeverRan | End::Crashed));
                }
                TaskState::Ended(_) => {}
            }
        }
        crowd
    }

    fn occupied(&self) -> usize {
        self.wanted.len() + self.replaced.len() + self.stopping
    }
}

/// One look, and what is decided in it.
struct Turn<'a> {
    seen: &'a Seen,
    now: Timestamp,
    crowd: &'a Crowd<'a>,
    throttle: Option<Throttle>,
}

impl Turn<'_> {
    /// Tasks of the primary deployment that are missing.
    fn missing(&self) -> usize {
        self.seen.desired.saturating_sub(self.crowd.wanted.len())
    }

    fn healthy(&self, tasks: &[&SeenTask]) -> usize {
        tasks.iter().filter(|task| task.is_healthy(self.seen, self.now)).count()
    }

    fn may_start(&self) -> bool {
        let waits = self.throttle.is_some_and(|throttle| throttle.until > self.now);
        self.seen.placeable && self.seen.rollout != Rollout::Failed && !self.seen.draining && !waits
    }

    /// The tasks that are to stop: what is too much, what is replaced, and what stands in the way of a replacement.
    ///
    /// INVARIANT: of the healthy tasks never so many leave that fewer than the minimum stay.
    fn leaving(&self) -> Vec<Leaving> {
        let Crowd { wanted, replaced, .. } = self.crowd;
        let healthy_wanted = self.healthy(wanted);
        let mut budget = (healthy_wanted + self.healthy(replaced)).saturating_sub(self.seen.minimum);
        let surplus = wanted.len().saturating_sub(self.seen.desired);
        let mut leaving = if self.is_balancing() {
            self.leaving_by_zone(&mut budget)
        } else {
            self.choose(wanted, surplus, &mut budget)
        };
        let needed = self.seen.desired.saturating_sub(healthy_wanted);
        let mut count = replaced.len().saturating_sub(needed);
        if self.may_start() {
            // Room that comes up by itself is waited for.
            let room = self.seen.maximum.saturating_sub(self.crowd.occupied()) + self.crowd.stopping + leaving.len();
            count = count.max(self.missing().saturating_sub(room).min(replaced.len()));
        }
        leaving.extend(self.choose(replaced, count, &mut budget));
        leaving
    }

    /// Whether a task is protected: it goes when its service is deleted or it fails its health checks, not otherwise.
    fn is_kept(&self, task: &SeenTask) -> bool {
        !self.seen.draining
            && task.protected_until.is_some_and(|until| until > self.now)
            && !task.is_sick(self.seen, self.now)
    }

    /// Chooses tasks to stop: first those that do not count as healthy, then from the zone that has most.
    fn choose(&self, among: &[&SeenTask], count: usize, budget: &mut usize) -> Vec<Leaving> {
        if count == 0 {
            return Vec::new();
        }
        let mut zones: BTreeMap<&str, usize> = BTreeMap::new();
        let mut ranked: Vec<(bool, bool, usize, &SeenTask)> = Vec::with_capacity(among.len());
        for task in among {
            let nth = zones.entry(task.zone.as_str()).or_insert(0);
            *nth += 1;
            let runs = task.running_since().is_some();
            ranked.push((
                task.is_healthy(self.seen, self.now),
                runs && !task.is_sick(self.seen, self.now),
                *nth,
                task,
            ));
        }
        ranked.sort_by(|a, b| (a.0, a.1, b.2, &a.3.id).cmp(&(b.0, b.1, a.2, &b.3.id)));
        let mut chosen = Vec::new();
        for (healthy, _, _, task) in ranked {
            if self.is_kept(task) {
                continue;
            }
            if chosen.len() == count || healthy && *budget == 0 {
                break;
            }
            *budget -= usize::from(healthy);
            chosen.push(task.leaving(if task.is_sick(self.seen, self.now) {
                Why::Unhealthy
            } else {
                Why::Scaling
            }));
        }
        chosen
    }

    /// How many tasks to start, and how many of them for unhealthy ones.
    ///
    /// INVARIANT: nothing is started beyond the maximum; a task that stops keeps its place until it has.
    fn starting(&self) -> (usize, usize) {
        if !self.may_start() {
            return (0, 0);
        }
        let room = self.seen.maximum.saturating_sub(self.crowd.occupied());
        let cautious = if self.throttle.is_some_and(|t| t.failures > 0) {
            CAUTIOUS
        } else {
            usize::MAX
        };
        let count = self
            .missing()
            .saturating_sub(self.crowd.failing)
            .min(room)
            .min(cautious);
        (count, count.min(self.crowd.sick))
    }

    /// Whether exactly what is desired runs, and nothing else.
    fn is_settled(&self) -> bool {
        let runs = |task: &&SeenTask| task.running_since().is_some();
        self.crowd.wanted.len() == self.seen.desired
            && self.crowd.replaced.is_empty()
            && self.crowd.wanted.iter().all(runs)
    }

    fn is_healthy(&self) -> bool {
        self.healthy(&self.crowd.wanted) == self.crowd.wanted.len()
    }

    fn problems(&self, is_idle: bool) -> Vec<Problem> {
        let mut found = Vec::new();
        let lacks = self.missing() > 0 && !self.seen.draining && self.seen.rollout != Rollout::Failed;
        if lacks && !self.seen.placeable {
            found.push(Problem::NoInstances);
        }
        let moves = |task: &&SeenTask| !task.is_healthy(self.seen, self.now);
        let rests =
            self.crowd.stopping == 0 && !self.crowd.wanted.iter().any(moves) && !self.crowd.replaced.iter().any(moves);
        if lacks && is_idle && self.may_start() && rests {
            found.push(Problem::NoRoom);
        }
        // It lasts while the next try is under way, so that it is told once.
        let tries = self.seen.desired > 0 && !self.seen.draining && self.seen.rollout != Rollout::Failed;
        if tries && self.throttle.is_some_and(|throttle| throttle.failures >= IMPAIRED) {
            found.push(Problem::Impaired);
        }
        if self.crowd.wanted.iter().filter(|task| self.is_kept(task)).count() > self.seen.desired {
            found.push(Problem::Protected);
        }
        found
    }

    /// When something changes by the passing of time alone.
    fn next(&self, is_steady: bool, is_fine: bool) -> Next {
        let seen = self.seen;
        let mut moments: Vec<Timestamp> = Vec::new();
        moments.extend(
            self.throttle
                .filter(|_| self.missing() > 0)
                .map(|throttle| throttle.until),
        );
        if is_steady || !is_fine {
            let said = seen.told.values().copied().chain(seen.steady_at).min();
            moments.push(said.unwrap_or(self.now).plus(REPEAT));
        }
        let ages = |task: &SeenTask| match task.state {
            TaskState::Running(since, TaskHealth::Unhealthy) => Some(since.plus(seen.grace)),
            TaskState::Running(since, _) => Some(since.plus(seen.healthy_after)),
            _ => None,
        };
        let all = self.crowd.wanted.iter().chain(&self.crowd.replaced);
        moments.extend(all.clone().filter_map(|task| task.protected_until));
        moments.extend(all.filter_map(|task| ages(task)).filter(|at| *at > self.now).min());
        if seen
            .tasks
            .iter()
            .filter(|task| matches!(task.state, TaskState::Ended(_)))
            .count()
            > REAP
        {
            return Next::In(Duration::ZERO);
        }
        match moments.into_iter().filter(|at| *at > self.now).min() {
            Some(at) => Next::In(at.since(self.now).max(GRAIN)),
            None => Next::WhenChanged,
        }
    }
}

#[cfg(test)]
mod tests;
