//! The keys that want a look: each at most once, in the order in which they fall due.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use roadstead_core::Timestamp;

/// Keys by the instant they fall due; a key that is being worked on waits until it is done.
pub struct Queue<K> {
    due: BTreeSet<(Timestamp, u64)>,
    keys: HashMap<u64, K>,
    waiting: HashMap<K, (Timestamp, u64)>,
    working: HashSet<K>,
    again: HashMap<K, Timestamp>,
    next: u64,
}

impl<K> Default for Queue<K> {
    fn default() -> Self {
        Self {
            due: BTreeSet::new(),
            keys: HashMap::new(),
            waiting: HashMap::new(),
            working: HashSet::new(),
            again: HashMap::new(),
            next: 0,
        }
    }
}

impl<K: Clone + Eq + Hash> Queue<K> {
    /// Adds a key, or brings it forward; while it is worked on, marks it for another look.
    pub fn add(&mut self, key: K, at: Timestamp) {
        if self.working.contains(&key) {
            let again = self.again.entry(key).or_insert(at);
            *again = at.min(*again);
            return;
        }
        if let Some((due, number)) = self.waiting.get(&key).copied() {
            if due <= at {
                return;
            }
            self.due.remove(&(due, number));
            self.keys.remove(&number);
        }
        self.next += 1;
        self.due.insert((at, self.next));
        self.keys.insert(self.next, key.clone());
        self.waiting.insert(key, (at, self.next));
    }

    /// Takes the first key that is due.
    pub fn take(&mut self, now: Timestamp) -> Option<K> {
        let first = self.due.first().copied().filter(|(due, _)| *due <= now)?;
        self.due.remove(&first);
        let key = self.keys.remove(&first.1)?;
        self.waiting.remove(&key);
        self.working.insert(key.clone());
        Some(key)
    }

    /// Ends the work on a key; it is due again at `at`, or when it was added for meanwhile, whichever comes first.
    pub fn done(&mut self, key: &K, at: Option<Timestamp>) {
        self.working.remove(key);
        for at in self.again.remove(key).into_iter().chain(at) {
            self.add(key.clone(), at);
        }
    }

    /// When the next key falls due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_key_waits_once_and_at_its_earliest_time() {
        let mut queue = Queue::default();
        queue.add("a", at(20));
        queue.add("b", at(15));
        queue.add("a", at(10));
        queue.add("a", at(30));
        assert_eq!(queue.take(at(5)), None);
        assert_eq!(queue.take(at(50)), Some("a"));
        assert_eq!(queue.take(at(50)), Some("b"));
        assert_eq!(queue.take(at(50)), None);
    }

    #[test]
    fn a_key_added_during_its_work_gets_another_look_and_never_two_workers() {
        let mut queue = Queue::default();
        queue.add("a", at(0));
        assert_eq!(queue.take(at(0)), Some("a"));
        queue.add("a", at(0));
        assert_eq!(queue.take(at(0)), None);
        queue.done(&"a", None);
        assert_eq!(queue.take(at(0)), Some("a"));
        queue.done(&"a", None);
        assert_eq!(queue.take(at(0)), None);
    }
}
