//! How far the output of a container was taken, exactly, so that it can be read on from there after a restart.
//!
//! An engine finds output again by time only, and many pieces may bear the same. A mark is therefore a time and how many
//! pieces from that time on were taken: the engine gives what it keeps in the same order each time.

use std::collections::VecDeque;

use roadstead_core::Timestamp;
use serde::{Deserialize, Serialize};

/// How much earlier a piece may be than one before it, in milliseconds: each output is stamped on its own.
const SLACK: i64 = 1_000;

/// Where to read on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Only pieces from this time on; all of them without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// How many of those come first that were taken before.
    #[serde(default)]
    pub skip: u64,
}

/// Pieces in a row that bear the same time.
#[derive(Clone, Copy, Debug)]
struct Run {
    at: i64,
    count: u64,
}

/// The pieces that were seen, as far as a mark needs them.
#[derive(Debug)]
pub struct Progress {
    since: Option<i64>,
    latest: i64,
    runs: VecDeque<Run>,
    /// The number of the first piece of the runs.
    base: u64,
    /// The number of the next piece.
    next: u64,
    /// Pieces below this number were delivered before a restart.
    known: u64,
}

impl Progress {
    /// Goes on from a mark.
    pub fn from(mark: Mark) -> Self {
        Self {
            since: mark.since.map(Timestamp::millis),
            latest: i64::MIN,
            runs: VecDeque::new(),
            base: 0,
            next: 0,
            known: mark.skip,
        }
    }

    /// Notes a piece that was not seen before; its number, unless it was delivered before a restart.
    pub fn see(&mut self, at: Timestamp) -> Option<u64> {
        let at = at.millis();
        match self.runs.back_mut() {
            Some(run) if run.at == at => run.count += 1,
            _ => self.runs.push_back(Run { at, count: 1 }),
        }
        let number = self.next;
        self.next += 1;
        (number >= self.known).then_some(number)
    }

    /// The number of the next piece.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Where to read on after the pieces that were seen.
    pub fn seen(&self) -> Mark {
        self.mark(self.next)
    }

    /// Notes that all pieces below a number are delivered; where to read on after them.
    pub fn deliver(&mut self, below: u64) -> Mark {
        let mut number = self.base;
        for run in &self.runs {
            if number >= below {
                break;
            }
            self.latest = self.latest.max(run.at);
            number += run.count;
        }
        if self.latest > i64::MIN {
            let since = self.latest.saturating_sub(SLACK);
            self.since = Some(self.since.map_or(since, |before| before.max(since)));
        }
        while let Some(run) = self.runs.front()
            && self.base + run.count <= below
            && self.since.is_some_and(|since| run.at < since)
        {
            self.base += run.count;
            self.runs.pop_front();
        }
        self.mark(below)
    }

    /// The mark after all pieces below a number, by the time that the last delivery set.
    fn mark(&self, below: u64) -> Mark {
        let (mut number, mut skip) = (self.base, 0);
        for run in &self.runs {
            let taken = run.count.min(below.saturating_sub(number));
            if self.since.is_none_or(|since| run.at >= since) {
                skip += taken;
            }
            number += run.count;
        }
        Mark {
            since: self.since.map(Timestamp::from_millis),
            skip,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What an engine gives from a mark on: the numbers of the pieces.
    fn read(times: &[i64], mark: Mark) -> Vec<usize> {
        let from = |at: i64| mark.since.is_none_or(|since| at >= since.millis());
        let kept = times
            .iter()
            .enumerate()
            .filter(|(_, at)| from(**at))
            .map(|(number, _)| number);
        kept.skip(usize::try_from(mark.skip).unwrap()).collect()
    }

    #[test]
    fn pieces_of_the_same_millisecond_are_told_apart() {
        let mut progress = Progress::from(Mark::default());
        for at in [5_000, 5_000, 5_000, 5_001] {
            progress.see(Timestamp::from_millis(at));
        }
        let mark = progress.deliver(2);
        assert_eq!(
            mark,
            Mark {
                since: Some(Timestamp::from_millis(4_000)),
                skip: 2
            }
        );
        assert_eq!(read(&[5_000, 5_000, 5_000, 5_001], mark), [2, 3]);
        assert_eq!(read(&[5_000, 5_000, 5_000, 5_001], progress.seen()), [0_usize; 0]);
    }

    proptest! {
        #[test]
        fn reading_on_from_any_mark_gives_exactly_what_was_not_delivered(
            steps in prop::collection::vec((0..700_i64, 0..300_i64), 1..120),
            stops in prop::collection::vec((1..30_usize, 0..30_usize), 1..12),
        ) {
            // Times that grow, each shaken by less than the slack.
            let mut clock = 10_000;
            let times: Vec<i64> = steps.iter().map(|(step, shake)| { clock += step; clock - shake }).collect();
            let mut delivered = Vec::new();
            let mut mark = Mark::default();
            for (seen, taken) in stops {
                // A run of the program: it goes on from the mark, sees some pieces and delivers the first of them.
                let mut progress = Progress::from(Mark { skip: mark.skip, ..mark });
                let raw = read(&times, Mark { skip: 0, ..mark });
                let skip = usize::try_from(mark.skip).unwrap();
                let mut fresh = Vec::new();
                for number in raw.iter().take(skip + seen) {
                    if let Some(own) = progress.see(Timestamp::from_millis(times[*number])) {
                        fresh.push((own, *number));
                    }
                }
                let taken = taken.min(fresh.len());
                let below = fresh.get(taken).map_or(progress.next(), |(own, _)| *own);
                mark = progress.deliver(below);
                delivered.extend(fresh.iter().take(taken).map(|(_, number)| *number));
                // And where it would read on itself, had the engine been away.
                let expected: Vec<_> = raw.iter().copied().skip(skip + seen).collect();
                prop_assert_eq!(read(&times, progress.seen()), expected);
            }
            delivered.extend(read(&times, mark));
            prop_assert_eq!(delivered, (0..times.len()).collect::<Vec<_>>());
        }
    }
}
