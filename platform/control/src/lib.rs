//! Reconcilers: told *which* record to look at, never *what happened*; observe, plan, apply.
//!
//! A [`Controller`] holds the keys that want a look, each at most once, and runs its [`Reconciler`] for one key at a
//! time. A failed reconcile is tried again with growing pauses. Time comes from the injected clock, so that tests set
//! it and call [`Controller::settle`].

mod queue;

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use roadstead_core::Clock;
use roadstead_kernel::Fault;
use tokio::sync::Notify;

use queue::Queue;

/// When a key wants its next look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// When somebody enqueues it.
    WhenChanged,
    /// After a time at the latest.
    In(Duration),
    /// Never: the record is gone.
    Forget,
}

/// Brings one kind of record from what is to what should be.
pub trait Reconciler: Send + Sync + 'static {
    /// Names a record.
    type Key: Clone + Debug + Eq + Hash + Send + Sync + 'static;

    /// The name in logs and metrics, such as `ecs/task`.
    fn name(&self) -> &'static str;

    /// Looks at a record and takes the steps that are due; each step is idempotent. A fault means: later again.
    fn reconcile(&self, key: &Self::Key) -> impl Future<Output = Result<Next, Fault>> + Send;
}

/// The first pause after a failure; doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Runs a reconciler over the keys that want a look.
pub struct Controller<R: Reconciler> {
    reconciler: R,
    state: Mutex<State<R::Key>>,
    /// Wakes one of the workers that have nothing to do.
    wake: Notify,
    /// Held by the one of them that waits for the next key to fall due, and wakes it when that is sooner.
    lead: tokio::sync::Mutex<()>,
    sooner: Notify,
    clock: Arc<dyn Clock>,
    runs: AtomicU64,
    failures: AtomicU64,
    /// Set at the end: no key is looked at any more.
    closed: AtomicBool,
    /// How many looks are being taken.
    looking: AtomicUsize,
}

struct State<K> {
    queue: Queue<K>,
    failed: HashMap<Arc<K>, u32>,
}

impl<R: Reconciler> Controller<R> {
    /// A controller with an empty queue.
    pub fn new(reconciler: R, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            reconciler,
            state: Mutex::new(State {
                queue: Queue::default(),
                failed: HashMap::new(),
            }),
            wake: Notify::new(),
            lead: tokio::sync::Mutex::const_new(()),
            sooner: Notify::new(),
            clock,
            runs: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            looking: AtomicUsize::new(0),
        })
    }

    /// The reconciler.
    pub fn reconciler(&self) -> &R {
        &self.reconciler
    }

    /// How often it ran, and how often it failed.
    pub fn counts(&self) -> (u64, u64) {
        (self.runs.load(Ordering::Relaxed), self.failures.load(Ordering::Relaxed))
    }

    /// Asks for a look at a key, now. A key that is being looked at gets another look afterwards.
    pub fn enqueue(&self, key: R::Key) {
        self.lock().queue.add(key, self.clock.now());
        self.wake.notify_one();
    }

    /// Asks for a look at a key, but only after a while, so that many changes that come together need one look.
    pub fn enqueue_after(&self, key: R::Key, pause: Duration) {
        self.lock().queue.add(key, self.clock.now().plus(pause));
        self.sooner.notify_one();
    }

    /// Works until it is closed; several may run side by side.
    pub async fn run(self: Arc<Self>) {
        loop {
            // Counted before the flag is read: a close that came first is seen here, and one that comes later waits.
            self.looking.fetch_add(1, Ordering::SeqCst);
            let is_closed = self.closed.load(Ordering::SeqCst);
            let taken = if is_closed {
                None
            } else {
                self.lock().queue.take(self.clock.now())
            };
            let has_looked = taken.is_some();
            if let Some(key) = taken {
                // There may be more to do, and somebody else must look at the clock.
                self.wake.notify_one();
                self.look(key).await;
            }
            self.looking.fetch_sub(1, Ordering::SeqCst);
            if is_closed {
                return;
            }
            if has_looked {
                continue;
            }
            // One worker waits for the clock, or all would wake for each key.
            match self.lead.try_lock() {
                Ok(_lead) => {
                    let due = self.lock().queue.next_due();
                    let pause = due.map_or(LONGEST_PAUSE, |due| due.since(self.clock.now()));
                    tokio::select! {
                        () = self.wake.notified() => {}
                        () = self.sooner.notified() => {}
                        () = tokio::time::sleep(pause.max(Duration::from_millis(1))) => {}
                    }
                }
                Err(_) => self.wake.notified().await,
            }
        }
    }

    /// Takes no further looks, and waits for those that are being taken, but no longer than `patience`: each may be
    /// repeated after the next start, so that none must come to its end.
    pub async fn close(&self, patience: Duration) {
        self.closed.store(true, Ordering::SeqCst);
        let all_ended = async {
            while self.looking.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        // Whether they ended or not: what is still under way fails when the store is closed.
        let _ = tokio::time::timeout(patience, all_ended).await;
    }

    /// Looks at every key that is due by the clock until none is; for tests, which set the clock.
    pub async fn settle(&self) {
        loop {
            let Some(key) = self.lock().queue.take(self.clock.now()) else {
                return;
            };
            self.look(key).await;
        }
    }

    async fn look(&self, key: Arc<R::Key>) {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let outcome = self.reconciler.reconcile(&key).await;
        let now = self.clock.now();
        let mut state = self.lock();
        let next = match outcome {
            Ok(next) => {
                state.failed.remove(&key);
                next
            }
            Err(fault) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                let failed = state.failed.entry(Arc::clone(&key)).or_insert(0);
                *failed += 1;
                // Another writer was first: look again at once, a few times.
                let pause = if fault.is_conflict() && *failed < 5 {
                    Duration::ZERO
                } else {
                    pause_after(*failed)
                };
                if !pause.is_zero() && !self.closed.load(Ordering::SeqCst) {
                    tracing::warn!(reconciler = self.reconciler.name(), ?key, %fault, "a reconcile failed; it is tried again");
                }
                Next::In(pause)
            }
        };
        match next {
            Next::In(pause) => state.queue.done(&key, Some(now.plus(pause))),
            Next::WhenChanged => state.queue.done(&key, None),
            Next::Forget => {
                state.failed.remove(&key);
                state.queue.done(&key, None);
            }
        }
        drop(state);
        self.sooner.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State<R::Key>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pause_after(failures: u32) -> Duration {
    FIRST_PAUSE
        .saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX))
        .min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use roadstead_core::time::FakeClock;

    struct FailsTwice(Mutex<Vec<&'static str>>);

    impl Reconciler for FailsTwice {
        type Key = &'static str;
        fn name(&self) -> &'static str {
            "test"
        }
        async fn reconcile(&self, key: &&'static str) -> Result<Next, Fault> {
            let mut seen = self.0.lock().unwrap();
            seen.push(key);
            if seen.iter().filter(|k| *k == key).count() < 3 {
                Err(Fault::internal("not yet"))
            } else {
                Ok(Next::Forget)
            }
        }
    }

    #[tokio::test]
    async fn a_failed_reconcile_is_tried_again_after_growing_pauses() {
        let clock = Arc::new(FakeClock::default());
        let controller = Controller::new(FailsTwice(Mutex::default()), clock.clone());
        let tries = |c: &Controller<FailsTwice>| c.reconciler().0.lock().unwrap().len();
        controller.enqueue("a");
        controller.enqueue("a");
        controller.settle().await;
        assert_eq!(tries(&controller), 1);
        clock.advance(FIRST_PAUSE);
        controller.settle().await;
        assert_eq!(tries(&controller), 2);
        clock.advance(FIRST_PAUSE);
        controller.settle().await;
        assert_eq!(tries(&controller), 2, "the second pause is longer");
        clock.advance(FIRST_PAUSE);
        controller.settle().await;
        assert_eq!(tries(&controller), 3);
        clock.advance(LONGEST_PAUSE * 10);
        controller.settle().await;
        assert_eq!(tries(&controller), 3, "a forgotten key is not looked at again");
        assert_eq!(controller.counts(), (3, 2));
    }

    /// The time of a runtime that lets it pass when nothing else is to be done.
    struct RuntimeClock(tokio::time::Instant);

    impl Clock for RuntimeClock {
        fn now(&self) -> roadstead_core::Timestamp {
            let passed = self.0.elapsed().as_millis();
            roadstead_core::Timestamp::from_millis(i64::try_from(passed).unwrap())
        }
    }

    /// Looks at `slow` for an hour, and at the others every second.
    struct SlowAndQuick(Mutex<HashMap<&'static str, u32>>);

    impl Reconciler for SlowAndQuick {
        type Key = &'static str;
        fn name(&self) -> &'static str {
            "test"
        }
        async fn reconcile(&self, key: &&'static str) -> Result<Next, Fault> {
            *self.0.lock().unwrap().entry(key).or_default() += 1;
            if *key == "slow" {
                tokio::time::sleep(Duration::from_secs(3600)).await;
            }
            Ok(Next::In(Duration::from_secs(1)))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn keys_are_looked_at_when_they_fall_due_as_long_as_one_worker_is_free() {
        let clock = Arc::new(RuntimeClock(tokio::time::Instant::now()));
        for workers in [2, 3, 8] {
            let controller = Controller::new(SlowAndQuick(Mutex::default()), Arc::clone(&clock) as Arc<dyn Clock>);
            let running: Vec<_> = (0..workers)
                .map(|_| tokio::spawn(Arc::clone(&controller).run()))
                .collect();
            let seconds = |seconds| tokio::time::sleep(Duration::from_secs(seconds));
            let looks = |key| controller.reconciler().0.lock().unwrap().get(key).copied().unwrap_or(0);
            seconds(5).await;
            controller.enqueue_after("a", Duration::from_secs(10));
            controller.enqueue_after("b", Duration::from_secs(5));
            seconds(4).await;
            assert_eq!((looks("a"), looks("b")), (0, 0));
            controller.enqueue("slow");
            tokio::time::sleep(Duration::from_millis(1500)).await;
            assert_eq!((looks("slow"), looks("a"), looks("b")), (1, 0, 1));
            seconds(100).await;
            assert_eq!(looks("slow"), 1);
            assert!(looks("a").abs_diff(96) <= 1, "{workers} workers: {}", looks("a"));
            assert!(looks("b").abs_diff(101) <= 1, "{workers} workers: {}", looks("b"));
            running.iter().for_each(tokio::task::JoinHandle::abort);
        }
    }

    /// Takes a while, and notes that it came to its end.
    struct Slow(Arc<Mutex<Vec<u32>>>);

    impl Reconciler for Slow {
        type Key = u32;
        fn name(&self) -> &'static str {
            "slow"
        }
        async fn reconcile(&self, key: &u32) -> Result<Next, Fault> {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.0.lock().unwrap().push(*key);
            Ok(Next::Forget)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn closing_waits_for_the_look_that_is_taken_and_takes_no_other() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let controller = Controller::new(Slow(Arc::clone(&seen)), Arc::new(FakeClock::default()));
        controller.enqueue(1);
        controller.enqueue(2);
        let working = tokio::spawn(Arc::clone(&controller).run());
        tokio::time::sleep(Duration::from_millis(100)).await;
        controller.close(Duration::from_secs(5)).await;
        assert_eq!(*seen.lock().unwrap(), [1]);
        working.await.unwrap();
        assert_eq!(controller.counts().0, 1);
    }

    #[test]
    fn pauses_never_grow_beyond_the_longest() {
        assert_eq!(pause_after(1), FIRST_PAUSE);
        assert_eq!(pause_after(200), LONGEST_PAUSE);
    }
}
