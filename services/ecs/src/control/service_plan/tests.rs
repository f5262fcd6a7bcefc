//! The scheduler's promises, held against made-up histories of services.

use super::*;
use proptest::prelude::*;

/// A service in a world without a store, an engine or a network.
#[derive(Clone, Debug)]
struct Model {
    seen: Seen,
    percents: (u32, u32),
    now: Timestamp,
    made: usize,
    deployments: usize,
}

#[derive(Clone, Debug)]
enum Happening {
    Scale(u32),
    Deploy,
    Bounds(u32, u32),
    /// A task of the nth goes on its way.
    Advance(usize),
    /// The nth task ends by itself.
    End(usize),
    /// A health check of the nth task changes its mind.
    Health(usize, bool),
    Wait(u64),
    Look,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        2 => (0..12_u32).prop_map(Happening::Scale),
        2 => Just(Happening::Deploy),
        1 => (0..=100_u32, 100..=300_u32).prop_map(|(minimum, maximum)| Happening::Bounds(minimum, maximum)),
        8 => (0..40_usize).prop_map(Happening::Advance),
        2 => (0..40_usize).prop_map(Happening::End),
        1 => (0..40_usize, any::<bool>()).prop_map(|(nth, healthy)| Happening::Health(nth, healthy)),
        4 => (0..20_u64).prop_map(Happening::Wait),
        10 => Just(Happening::Look),
    ]
}

impl Model {
    fn new(desired: u32, percents: (u32, u32)) -> Self {
        let seen = Seen {
            desired: 0,
            minimum: 0,
            maximum: 0,
            draining: false,
            primary: "1".to_owned(),
            rollout: Rollout::InProgress,
            failed: 0,
            threshold: None,
            resets: true,
            has_others: false,
            throttle: None,
            steady_at: None,
            told: BTreeMap::new(),
            zones: Vec::new(),
            balancing: false,
            placeable: true,
            healthy_after: Duration::from_secs(5),
            grace: Duration::ZERO,
            tasks: Vec::new(),
        };
        let mut model = Self {
            seen,
            percents,
            now: Timestamp::from_secs(1_000_000),
            made: 0,
            deployments: 1,
        };
        model.scale(desired);
        model
    }

    fn scale(&mut self, desired: u32) {
        self.seen.desired = desired as usize;
        (self.seen.minimum, self.seen.maximum) = bounds(desired, self.percents);
    }

    fn deploy(&mut self) {
        self.deployments += 1;
        self.seen.primary = self.deployments.to_string();
        (self.seen.rollout, self.seen.failed, self.seen.throttle) = (Rollout::InProgress, 0, None);
        self.seen.has_others = true;
    }

    fn happen(&mut self, happening: &Happening) {
        let now = self.now;
        let nth = |tasks: &mut Vec<SeenTask>, nth: usize| {
            let len = tasks.len();
            (len > 0).then(|| nth % len)
        };
        match happening {
            Happening::Scale(desired) => self.scale(*desired),
            Happening::Deploy => self.deploy(),
            Happening::Bounds(minimum, maximum) => {
                self.percents = (*minimum, *maximum);
                self.scale(u32::try_from(self.seen.desired).unwrap());
            }
            Happening::Advance(at) => {
                if let Some(at) = nth(&mut self.seen.tasks, *at) {
                    self.seen.tasks[at].advance(now);
                }
            }
            Happening::End(at) => {
                if let Some(at) = nth(&mut self.seen.tasks, *at) {
                    let task = &mut self.seen.tasks[at];
                    task.state = match task.state {
                        TaskState::Pending => TaskState::Ended(End::NeverRan),
                        TaskState::Running(since, _) if now.since(since) < self.seen.healthy_after => {
                            TaskState::Ended(End::Crashed)
                        }
                        TaskState::Running(..) => TaskState::Ended(End::Fine),
                        other => other,
                    };
                }
            }
            Happening::Health(at, healthy) => {
                if let Some(at) = nth(&mut self.seen.tasks, *at)
                    && let TaskState::Running(_, health) = &mut self.seen.tasks[at].state
                {
                    *health = if *healthy {
                        TaskHealth::Healthy
                    } else {
                        TaskHealth::Unhealthy
                    };
                }
            }
            Happening::Wait(secs) => self.now = now.plus(Duration::from_secs(*secs)),
            Happening::Look => {
                self.look();
            }
        }
    }

    fn occupied(&self) -> usize {
        self.seen
            .tasks
            .iter()
            .filter(|task| !matches!(task.state, TaskState::Ended(_)))
            .count()
    }

    fn healthy(&self) -> usize {
        self.seen
            .tasks
            .iter()
            .filter(|task| task.is_healthy(&self.seen, self.now))
            .count()
    }

    /// Plans, holds the plan to its promises, and does what it says.
    fn look(&mut self) -> Plan {
        let made = plan(&self.seen, self.now);
        assert_eq!(
            made,
            plan(&self.seen, self.now),
            "the same snapshot gives the same plan"
        );
        let (occupied, healthy) = (self.occupied(), self.healthy());
        for step in &made.steps {
            match step {
                Step::Start { count, replaced } => {
                    assert!(
                        occupied + count <= self.seen.maximum,
                        "{occupied} + {count}: {:?}",
                        self.seen
                    );
                    assert!(replaced <= count);
                }
                Step::Rebalance { count } => {
                    assert!(*count > 0 && occupied + count <= self.seen.maximum, "{:?}", self.seen);
                    assert_eq!(healthy, self.seen.desired, "nothing else is going on");
                }
                Step::Stop(leaving) => {
                    let lost = leaving.iter().filter(|one| {
                        let task = self
                            .seen
                            .tasks
                            .iter()
                            .find(|task| task.id == one.id)
                            .expect("only known tasks stop");
                        assert!(
                            matches!(task.state, TaskState::Pending | TaskState::Running(..)),
                            "{task:?}"
                        );
                        task.is_healthy(&self.seen, self.now)
                    });
                    let left = healthy - lost.count();
                    assert!(
                        left >= self.seen.minimum.min(healthy),
                        "{left} of {healthy}: {:?}",
                        self.seen
                    );
                    let ids: std::collections::BTreeSet<_> = leaving.iter().map(|one| &one.id).collect();
                    assert_eq!(ids.len(), leaving.len(), "no task stops twice");
                }
                _ => {}
            }
        }
        made.steps.iter().for_each(|step| self.apply(step));
        made
    }

    fn apply(&mut self, step: &Step) {
        let seen = &mut self.seen;
        match step {
            Step::Reap {
                tasks,
                failed,
                throttle,
            } => {
                seen.tasks.retain(|task| !tasks.contains(&task.id));
                seen.failed += failed;
                seen.throttle = throttle.or(seen.throttle);
            }
            Step::Recover => {
                seen.throttle = None;
                seen.failed *= u32::from(!seen.resets);
            }
            Step::Fail => seen.rollout = Rollout::Failed,
            Step::Stop(leaving) => {
                for task in &mut seen.tasks {
                    if let Some(one) = leaving.iter().find(|one| one.id == task.id) {
                        task.state = TaskState::Stopping(if one.why == Why::Unhealthy {
                            End::Sick
                        } else {
                            End::Fine
                        });
                    }
                }
            }
            Step::Start { count, .. } => {
                for _ in 0..*count {
                    self.made += 1;
                    seen.tasks.push(SeenTask {
                        id: format!("{:04}", self.made),
                        deployment: seen.primary.clone(),
                        zone: ["a", "b"][self.made % 2].to_owned(),
                        provider: None,
                        instance: None,
                        evicted: false,
                        protected_until: None,
                        state: TaskState::Pending,
                    });
                }
            }
            Step::Rebalance { count } => {
                for _ in 0..*count {
                    self.made += 1;
                    let of = |zone: &&String| seen.tasks.iter().filter(|task| task.zone == **zone).count();
                    let zone = seen.zones.iter().min_by_key(of).unwrap().clone();
                    seen.tasks.push(SeenTask {
                        id: format!("{:04}", self.made),
                        deployment: seen.primary.clone(),
                        zone,
                        provider: None,
                        instance: None,
                        evicted: false,
                        protected_until: None,
                        state: TaskState::Pending,
                    });
                }
            }
            Step::Unbalanced(_) => seen.balancing = true,
            Step::Balanced(_) | Step::StopBalancing => seen.balancing = false,
            Step::Complete => (seen.rollout, seen.has_others) = (Rollout::Completed, false),
            Step::Steady => seen.steady_at = Some(self.now),
            Step::Unsettle => seen.steady_at = None,
            Step::Tell(problem) => {
                seen.told.insert(*problem, self.now);
            }
            Step::Resolve(problem) => {
                seen.told.remove(problem);
            }
            Step::Deactivate => {}
        }
    }

    /// Lets all go well until nothing is left to do; how many looks that took.
    fn settle(&mut self) -> usize {
        for look in 1..400 {
            let made = self.look();
            let all_rest = self
                .seen
                .tasks
                .iter()
                .all(|task| matches!(task.state, TaskState::Running(..)));
            if made.steps.is_empty() && all_rest && !matches!(made.next, Next::In(pause) if pause < REPEAT / 2) {
                return look;
            }
            let now = self.now;
            self.seen.tasks.iter_mut().for_each(|task| task.advance(now));
            self.now = match made.next {
                Next::In(pause) => now.plus(pause.clamp(Duration::from_secs(1), LONGEST_PAUSE)),
                _ => now.plus(Duration::from_secs(1)),
            };
        }
        panic!("does not converge: {:#?}", self.seen);
    }
}

impl SeenTask {
    fn advance(&mut self, now: Timestamp) {
        self.state = match self.state {
            TaskState::Pending => TaskState::Running(now, TaskHealth::Unchecked),
            TaskState::Stopping(end) => TaskState::Ended(end),
            other => other,
        };
    }
}

fn histories() -> impl Strategy<Value = (u32, (u32, u32), Vec<Happening>)> {
    (
        0..12_u32,
        (0..=100_u32, 100..=300_u32),
        prop::collection::vec(happening(), 0..120),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Never above the maximum, never below the minimum: asserted at each look.
    #[test]
    fn whatever_happens_a_service_comes_to_rest((desired, percents, happenings) in histories()) {
        let mut model = Model::new(desired, percents);
        for happening in &happenings {
            model.happen(happening);
        }
        model.settle();
        let seen = &model.seen;
        if seen.told.contains_key(&Problem::NoRoom) {
            prop_assert!(seen.minimum >= seen.maximum, "there was room: {seen:?}");
        } else {
            prop_assert!(seen.tasks.iter().all(|task| task.deployment == seen.primary), "{seen:?}");
            prop_assert_eq!(seen.tasks.len(), seen.desired);
            prop_assert_eq!(seen.rollout, Rollout::Completed);
            prop_assert!(seen.steady_at.is_some());
            prop_assert!(!seen.has_others);
        }
    }

    #[test]
    fn what_came_to_rest_stays_at_rest((desired, percents, happenings) in histories(), wait in 0..20_000_u64) {
        let mut model = Model::new(desired, percents);
        for happening in &happenings {
            model.happen(happening);
        }
        model.settle();
        let said = model.seen.told.values().copied().chain(model.seen.steady_at).min();
        let later = model.now.plus(Duration::from_secs(wait));
        prop_assume!(said.is_none_or(|said| later.since(said) < REPEAT));
        prop_assert_eq!(plan(&model.seen, later).steps, []);
    }

    /// Wherever tasks came to be: those of a service that is balanced are as even over the zones as can be in the end,
    /// and then they stay where they are.
    #[test]
    fn a_service_that_is_balanced_comes_to_an_even_rest((desired, percents, happenings) in histories(), zones in 2..5_usize) {
        let mut model = Model::new(desired, percents);
        model.seen.zones = ["a", "b", "c", "d"].iter().take(zones).map(|zone| (*zone).to_owned()).collect();
        for happening in &happenings {
            model.happen(happening);
        }
        model.settle();
        let seen = &model.seen;
        prop_assert!(!seen.balancing, "{seen:?}");
        if seen.minimum < seen.maximum && seen.maximum > seen.desired {
            let of = |zone: &String| seen.tasks.iter().filter(|task| task.zone == *zone).count();
            let counts: Vec<usize> = seen.zones.iter().map(of).collect();
            let (most, fewest) = (counts.iter().max().unwrap(), counts.iter().min().unwrap());
            prop_assert!(most - fewest <= 1, "{counts:?}: {seen:?}");
            prop_assert_eq!(seen.tasks.len(), seen.desired);
        }
        prop_assert_eq!(plan(seen, model.now).steps, []);
    }

    /// A task set has no bounds and no deployment to complete: it only ever has the tasks that it shall have.
    #[test]
    fn a_task_set_comes_to_its_count_and_rests((desired, _, happenings) in histories(), shares in prop::collection::vec(0..=100_u32, 1..6)) {
        let mut model = Model::new(0, (0, 300));
        model.seen.rollout = Rollout::Completed;
        let mut parts = happenings.chunks(happenings.len().div_ceil(shares.len()).max(1));
        for share in shares {
            model.seen.desired = crate::records::computed_count(desired, f64::from(share)) as usize;
            (model.seen.minimum, model.seen.maximum) = (0, usize::MAX);
            let own = |one: &&Happening| !matches!(one, Happening::Scale(_) | Happening::Deploy | Happening::Bounds(..));
            for happening in parts.next().unwrap_or_default().iter().filter(own) {
                model.happen(happening);
            }
        }
        model.settle();
        prop_assert_eq!(model.seen.tasks.len(), model.seen.desired);
        prop_assert_eq!(model.seen.rollout, Rollout::Completed);
        prop_assert_eq!(plan(&model.seen, model.now).steps, []);
    }

    #[test]
    fn a_deleted_service_always_comes_to_its_end((desired, percents, happenings) in histories()) {
        let mut model = Model::new(desired, percents);
        for happening in &happenings {
            model.happen(happening);
        }
        model.seen.draining = true;
        model.scale(0);
        let ended = (0..100).any(|_| {
            let made = model.look();
            let now = model.now;
            model.seen.tasks.iter_mut().for_each(|task| task.advance(now));
            assert!(!made.steps.iter().any(|step| matches!(step, Step::Start { .. })), "nothing is started");
            made.steps.contains(&Step::Deactivate)
        });
        prop_assert!(ended, "{:?}", model.seen);
    }
}

#[test]
fn bounds_are_rounded_so_that_both_are_kept() {
    let cases = [
        (4, (50, 200), (2, 8)),
        (2, (75, 200), (2, 4)),
        (3, (100, 125), (3, 3)),
        (0, (100, 200), (0, 0)),
    ];
    for (desired, percents, expected) in cases {
        assert_eq!(bounds(desired, percents), expected, "{desired} {percents:?}");
    }
}

#[test]
fn pauses_between_failed_starts_grow_to_a_quarter_of_an_hour() {
    let pauses: Vec<u64> = [1, 2, 3, 10, 11, 50]
        .map(|failures| pause_after(failures).as_secs())
        .into();
    assert_eq!(pauses, [1, 2, 4, 512, 900, 900]);
}

#[test]
fn that_tasks_cannot_start_is_told_once_while_tries_go_on() {
    let mut model = Model::new(1, (100, 200));
    let mut told = Vec::new();
    for _ in 0..8 {
        model.look();
        told.push(model.seen.told.get(&Problem::Impaired).copied());
        model.happen(&Happening::End(0));
        model.look();
        told.push(model.seen.told.get(&Problem::Impaired).copied());
        model.happen(&Happening::Wait(1000));
    }
    told.dedup();
    assert!(matches!(told[..], [None, Some(_)]), "{told:?}");
}

#[test]
fn a_healthy_task_ends_the_row_of_failures_unless_they_add_up() {
    for resets in [true, false] {
        let mut model = Model::new(2, (100, 200));
        model.seen.threshold = Some(3);
        model.seen.resets = resets;
        model.look();
        for _ in 0..2 {
            model.happen(&Happening::End(0));
            model.happen(&Happening::Wait(10));
            model.look();
        }
        assert_eq!(model.seen.failed, 2);
        model.happen(&Happening::Wait(10));
        model.look();
        model.happen(&Happening::Advance(0));
        model.happen(&Happening::Wait(10));
        model.look();
        assert_eq!(model.seen.failed, if resets { 0 } else { 2 });
        assert_eq!(model.seen.throttle, None);
        assert_eq!(plan(&model.seen, model.now).steps, [], "nothing is written twice");
        model.happen(&Happening::End(1));
        let fails = plan(&model.seen, model.now).steps.contains(&Step::Fail);
        assert_eq!(fails, !resets);
    }
}

#[test]
fn the_breaker_is_asked_before_anything_else_is_done() {
    let mut model = Model::new(1, (100, 200));
    model.seen.threshold = Some(3);
    model.seen.failed = 2;
    model.look();
    model.happen(&Happening::End(0));
    let made = plan(&model.seen, model.now);
    assert_eq!(made.steps.len(), 2, "{:?}", made.steps);
    assert!(matches!(made.steps[0], Step::Reap { failed: 1, .. }));
    assert_eq!(made.steps[1], Step::Fail);
}

#[test]
fn half_of_the_tasks_make_room_where_that_is_allowed() {
    let mut model = Model::new(4, (50, 100));
    model.settle();
    model.deploy();
    let made = model.look();
    let stopped = made.steps.iter().map(|step| {
        if let Step::Stop(leaving) = step {
            leaving.len()
        } else {
            0
        }
    });
    assert_eq!(stopped.sum::<usize>(), 2, "{:?}", made.steps);
}

#[test]
fn surplus_tasks_leave_the_zone_that_has_most() {
    let mut model = Model::new(3, (100, 200));
    model.settle();
    for (task, zone) in model.seen.tasks.iter_mut().zip(["a", "b", "b"]) {
        task.zone = zone.to_owned();
    }
    model.scale(2);
    let made = model.look();
    let Some(Step::Stop(leaving)) = made.steps.iter().find(|step| matches!(step, Step::Stop(_))) else {
        panic!("{:?}", made.steps)
    };
    let left: Vec<&str> = model
        .seen
        .tasks
        .iter()
        .filter(|t| t.id != leaving[0].id)
        .map(|t| t.zone.as_str())
        .collect();
    assert_eq!((leaving.len(), left), (1, vec!["a", "b"]));
}

#[test]
fn tasks_are_started_where_they_are_missing_before_others_stop() {
    let mut model = Model::new(4, (100, 200));
    model.settle();
    model.seen.zones = vec!["a".to_owned(), "b".to_owned()];
    model.seen.tasks.iter_mut().for_each(|task| task.zone = "a".to_owned());
    let made = model.look();
    let told = vec![("a".to_owned(), 4), ("b".to_owned(), 0)];
    assert_eq!(made.steps, [Step::Unbalanced(told), Step::Rebalance { count: 2 }]);
    let made = model.look();
    assert_eq!(made.steps, [Step::Unsettle], "what is on its way is waited for");
    let now = model.now;
    model.seen.tasks.iter_mut().for_each(|task| task.advance(now));
    assert_eq!(model.look().steps, [], "it must run a while");
    model.now = model.now.plus(Duration::from_secs(5));
    let made = model.look();
    let [Step::Stop(leaving)] = made.steps.as_slice() else {
        panic!("{:?}", made.steps)
    };
    assert!(leaving.iter().all(|one| one.zone == "a" && one.why == Why::Balancing));
    assert_eq!(leaving.len(), 2);
    let told = vec![("a".to_owned(), 2), ("b".to_owned(), 2)];
    assert_eq!(model.look().steps, [Step::Balanced(told), Step::Steady]);
}

#[test]
fn without_room_above_the_desired_count_nothing_is_moved() {
    let mut model = Model::new(4, (100, 100));
    model.settle();
    model.seen.zones = vec!["a".to_owned(), "b".to_owned()];
    model.seen.tasks.iter_mut().for_each(|task| task.zone = "a".to_owned());
    assert_eq!(model.look().steps, []);
}

#[test]
fn a_service_that_shrinks_while_tasks_are_moved_does_not_wait_for_them() {
    let mut model = Model::new(4, (100, 200));
    model.settle();
    model.seen.zones = vec!["a".to_owned(), "b".to_owned()];
    model.seen.tasks.iter_mut().for_each(|task| task.zone = "a".to_owned());
    model.look();
    model.scale(0);
    model.look();
    let all_stop = |task: &SeenTask| matches!(task.state, TaskState::Stopping(_));
    assert!(model.seen.tasks.iter().all(all_stop), "{:?}", model.seen.tasks);
}

#[test]
fn a_plan_for_a_thousand_tasks_takes_no_time_to_speak_of() {
    let mut model = Model::new(1_000, (100, 200));
    let started = std::time::Instant::now();
    let looks = model.settle();
    assert!(looks < 10, "{looks}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}
