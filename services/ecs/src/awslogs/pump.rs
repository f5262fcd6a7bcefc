//! The output of one container on its way: read from the engine, made into events, put in batches.

use std::sync::{Arc, Weak};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use roadstead_containers::{ContainerId, LogChunk, LogOptions, Runtime, RuntimeError};
use roadstead_control::Controller;
use roadstead_core::Timestamp;

use super::batch::Waiting;
use super::lines::Lines;
use super::options::Config;
use super::progress::{Mark, Progress};
use super::{AwsLogs, LogKey};

/// How long output is gathered before it is looked at.
const GATHER: Duration = Duration::from_millis(50);
/// The least time between two calls that are not full.
const EVERY: Duration = Duration::from_secs(1);
/// How long after the engine broke off it is asked again.
const AGAIN: Duration = Duration::from_secs(1);
/// The first pause after a call that failed; doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause after calls that failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Asks for another look when there is output.
struct Bell {
    control: Weak<Controller<AwsLogs>>,
    key: LogKey,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        if let Some(control) = self.control.upgrade() {
            control.enqueue_after(self.key.clone(), GATHER);
        }
    }
}

/// Output that the engine gives.
struct Reading {
    chunks: BoxStream<'static, Result<LogChunk, RuntimeError>>,
    /// Pieces that come first and were seen before.
    ignore: u64,
    /// Whether it ends with what there is, instead of staying until the container ends.
    last: bool,
}

/// The output of one container.
pub struct Pump {
    id: ContainerId,
    waker: Waker,
    reading: Option<Reading>,
    progress: Progress,
    lines: Lines,
    waiting: Waiting,
    /// No more will come.
    over: bool,
    put_at: Option<Timestamp>,
    failures: u32,
    not_before: Option<Timestamp>,
}

/// Why reading stopped.
#[derive(Debug, PartialEq, Eq)]
pub enum Pause {
    /// As much waits as a call may carry.
    Full,
    /// There is no more output now.
    Quiet,
    /// The engine broke off, or does not answer.
    Broken,
    /// There will be no more output.
    Over,
}

impl Pump {
    /// Goes on from a mark.
    pub fn new(key: LogKey, control: Weak<Controller<AwsLogs>>, id: &str, config: &Config, mark: Mark) -> Self {
        Self {
            id: ContainerId(id.to_owned()),
            waker: Arc::new(Bell { control, key }).into(),
            reading: None,
            progress: Progress::from(mark),
            lines: Lines::new(config.first_line.clone()),
            waiting: Waiting::new(config.mode),
            over: false,
            put_at: None,
            failures: 0,
            not_before: None,
        }
    }

    /// Reads what there is, as far as it is wanted now. `ended` says that the container's process has ended.
    pub fn read(&mut self, runtime: &dyn Runtime, ended: bool, now: Timestamp) -> Pause {
        let mut events = Vec::new();
        let waker = self.waker.clone();
        let mut context = std::task::Context::from_waker(&waker);
        let pause = loop {
            if self.over {
                break Pause::Over;
            }
            // While calls fail, a buffer that is bounded fills and overflows; else the engine keeps what is not read.
            if self.waiting.is_full() && (self.failures == 0 || self.waiting.keeps_all()) {
                break Pause::Full;
            }
            let reading = match self.reading.as_mut() {
                // What was followed may have broken off before the end: what there is in the end is read to its end.
                Some(reading) if reading.last || !ended => reading,
                _ => self.open(runtime, ended),
            };
            // A task's share of turns is for its own waiting: what is there already is taken without asking for a turn.
            let next = std::pin::pin!(tokio::task::unconstrained(reading.chunks.next()));
            let (chunk, last) = match next.poll(&mut context) {
                Poll::Pending => break Pause::Quiet,
                Poll::Ready(chunk) => (chunk, reading.last),
            };
            match chunk {
                Some(Ok(_)) if reading.ignore > 0 => reading.ignore -= 1,
                Some(Ok(chunk)) => {
                    if let Some(number) = self.progress.see(chunk.at) {
                        self.lines.take(&chunk, number, &mut events);
                    }
                    events.drain(..).for_each(|event| self.waiting.add(event));
                }
                None if last => self.over = true,
                // Its output went with it.
                Some(Err(RuntimeError::NotFound(_))) if ended => self.over = true,
                Some(Err(_)) | None => {
                    self.reading = None;
                    break Pause::Broken;
                }
            }
        };
        if self.over {
            self.reading = None;
            self.lines.finish(&mut events);
        } else {
            self.lines.close_old(now.millis(), &mut events);
        }
        events.drain(..).for_each(|event| self.waiting.add(event));
        pause
    }

    fn open(&mut self, runtime: &dyn Runtime, last: bool) -> &mut Reading {
        let Mark { since, skip } = self.progress.seen();
        let options = LogOptions { follow: !last, since };
        self.reading.insert(Reading {
            chunks: runtime.logs(&self.id, options),
            ignore: skip,
            last,
        })
    }

    /// How many events are to be put now.
    pub fn due(&self, now: Timestamp) -> usize {
        let rested = self.put_at.is_none_or(|at| now.since(at) >= EVERY);
        let allowed = self.not_before.is_none_or(|at| now >= at);
        if allowed && (rested || self.over || self.waiting.is_full()) {
            self.waiting.next()
        } else {
            0
        }
    }

    /// The events that wait.
    pub fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Notes that the first events were put, or given up; where to read on after them.
    pub fn done(&mut self, count: usize, now: Timestamp) -> Mark {
        self.waiting.let_go(count);
        self.put_at = Some(now);
        self.failures = 0;
        self.not_before = None;
        let firsts = [self.waiting.first(), self.lines.first_unfinished()];
        let below = firsts.into_iter().flatten().min().unwrap_or(self.progress.next());
        self.progress.deliver(below)
    }

    /// Notes that a call failed.
    pub fn failed(&mut self, now: Timestamp) {
        let doubled = FIRST_PAUSE.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(now.plus(doubled.min(LONGEST_PAUSE)));
    }

    /// How often calls failed in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Events that were dropped since this was asked last.
    pub fn take_dropped(&mut self) -> u64 {
        self.waiting.take_dropped()
    }

    /// Whether all output is delivered.
    pub fn is_drained(&self) -> bool {
        self.over && self.waiting.is_empty()
    }

    /// When to look again if nothing calls for it before.
    pub fn next(&self, pause: &Pause, now: Timestamp, at_most: Duration) -> Duration {
        let mut next = at_most;
        if *pause == Pause::Broken {
            next = next.min(AGAIN);
        }
        if let Some(left) = self.lines.closes_in(now.millis()) {
            next = next.min(Duration::from_millis(u64::try_from(left).unwrap_or(0)));
        }
        if !self.waiting.is_empty() {
            let rested = self.put_at.map_or(now, |at| at.plus(EVERY));
            let from = if self.over || self.waiting.is_full() {
                now
            } else {
                rested
            };
            next = next.min(self.not_before.map_or(from, |at| at.max(from)).since(now));
        }
        next
    }
}
