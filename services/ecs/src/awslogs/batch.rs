//! Events that wait to be put, and how many of them one call may carry.

use std::collections::VecDeque;

use api_logs::InputLogEvent;

use super::lines::Event;
use super::options::Mode;

/// What each event is counted for beyond its text.
pub const OVERHEAD: usize = 26;
/// The most bytes of a call.
const MAX_BYTES: usize = 1_048_576;
/// The most events of a call.
const MAX_EVENTS: usize = 10_000;
/// The most time between the first and the last event of a call, in milliseconds.
const MAX_SPAN: i64 = 86_400_000;

/// Events that wait, oldest first.
#[derive(Debug)]
pub struct Waiting {
    mode: Mode,
    events: VecDeque<Event>,
    /// The bytes of their texts.
    text: usize,
    dropped: u64,
}

impl Waiting {
    /// Nothing waits.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            events: VecDeque::new(),
            text: 0,
            dropped: 0,
        }
    }

    /// Adds an event; in the mode `non-blocking` one that finds no room is dropped.
    // AWS: the newest is dropped, and an event alone is taken whatever its size.
    pub fn add(&mut self, event: Event) {
        if let Mode::NonBlocking(limit) = self.mode
            && !self.events.is_empty()
            && self.text + event.text.len() > limit
        {
            self.dropped += 1;
            return;
        }
        self.text += event.text.len();
        self.events.push_back(event);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether nothing is dropped.
    pub fn keeps_all(&self) -> bool {
        self.mode == Mode::Blocking
    }

    /// Whether as much waits as a call may carry.
    pub fn is_full(&self) -> bool {
        self.events.len() >= MAX_EVENTS || self.text + self.events.len() * OVERHEAD >= MAX_BYTES
    }

    /// How many events the next call may carry.
    pub fn next(&self) -> usize {
        let (mut bytes, mut earliest, mut latest) = (0, i64::MAX, i64::MIN);
        let fits = |event: &&Event| {
            bytes += event.text.len() + OVERHEAD;
            earliest = earliest.min(event.at);
            latest = latest.max(event.at);
            bytes <= MAX_BYTES && latest - earliest <= MAX_SPAN
        };
        self.events.iter().take(MAX_EVENTS).take_while(fits).count()
    }

    /// The first events as a call carries them: in the order of their times.
    pub fn batch(&self, count: usize) -> Vec<InputLogEvent> {
        let mut batch: Vec<_> = self
            .events
            .iter()
            .take(count)
            .map(|event| InputLogEvent {
                timestamp: event.at,
                message: event.text.clone(),
            })
            .collect();
        batch.sort_by_key(|event| event.timestamp);
        batch
    }

    /// Lets the first events go.
    pub fn let_go(&mut self, count: usize) {
        for event in self.events.drain(..count.min(self.events.len())) {
            self.text -= event.text.len();
        }
    }

    /// The number of the first piece of output that waits.
    pub fn first(&self) -> Option<u64> {
        self.events.iter().map(|event| event.first).min()
    }

    /// How many events were dropped since this was asked last.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(mode: Mode, events: &[(i64, usize)]) -> Waiting {
        let mut waiting = Waiting::new(mode);
        for (number, (at, size)) in events.iter().enumerate() {
            let (first, text) = (number as u64, "x".repeat(*size));
            waiting.add(Event { at: *at, first, text });
        }
        waiting
    }

    #[test]
    fn a_call_carries_what_the_service_takes_and_no_more() {
        let cases: [(Vec<(i64, usize)>, usize); 5] = [
            (vec![(1, 1); 10_001], 10_000),
            (vec![(1, 524_288 - OVERHEAD); 3], 2),
            (vec![(1, 524_288 - OVERHEAD), (1, 524_289 - OVERHEAD)], 1),
            (vec![(0, 1), (MAX_SPAN, 1), (MAX_SPAN + 1, 1)], 2),
            (vec![(MAX_SPAN + 1, 1), (0, 1)], 1),
        ];
        for (events, count) in cases {
            assert_eq!(waiting(Mode::Blocking, &events).next(), count, "{:?}", events.first());
        }
    }

    #[test]
    fn a_call_carries_events_in_the_order_of_their_times() {
        let mut waiting = waiting(Mode::Blocking, &[(5, 1), (3, 2), (5, 3), (4, 4)]);
        let sent: Vec<_> = waiting
            .batch(3)
            .into_iter()
            .map(|e| (e.timestamp, e.message.len()))
            .collect();
        assert_eq!(sent, [(3, 2), (5, 1), (5, 3)]);
        waiting.let_go(3);
        assert_eq!((waiting.first(), waiting.next(), waiting.text), (Some(3), 1, 4));
    }

    #[test]
    fn a_bounded_buffer_drops_what_comes_beyond_and_an_unbounded_one_nothing() {
        let events = [(1, 60), (2, 30), (3, 20), (4, 10)];
        let mut bounded = waiting(Mode::NonBlocking(100), &events);
        assert_eq!(
            (bounded.events.len(), bounded.take_dropped(), bounded.take_dropped()),
            (3, 1, 0)
        );
        let mut unbounded = waiting(Mode::Blocking, &events);
        assert_eq!((unbounded.events.len(), unbounded.take_dropped()), (4, 0));
        assert_eq!(waiting(Mode::NonBlocking(10), &[(1, 60)]).events.len(), 1);
    }
}
