//! The keys that want a look: each at most once, in the order in which they fall due.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use roadstead_core::Timestamp;

/// Keys by the instant they fall due; a key that is being worked on waits until it is done.
///
/// A key is there once, however it is looked for: a hundred thousand wait here.
pub struct Queue<K> {
    due: BTreeMap<(Timestamp, u64), Arc<K>>,
    waiting: HashMap<Arc<K>, (Timestamp, u64)>,
    working: HashSet<Arc<K>>,
    again: HashMap<Arc<K>, Timestamp>,
    next: u64,
}

impl<K> Default for Queue<K> {
    fn default() -> Self {
        Self {
            due: BTreeMap::new(),
            waiting: HashMap::new(),
            working: HashSet::new(),
            again: HashMap::new(),
            next: 0,
        }
    }
}

impl<K: Eq + Hash> Queue<K> {
    /// Adds a key, or brings it forward; while it is worked on, marks it for another look.
    pub fn add(&mut self, key: K, at: Timestamp) {
        self.add_shared(Arc::new(key), at);
    }

    fn add_shared(&mut self, key: Arc<K>, at: Timestamp) {
        if self.working.contains(&key) {
            let again = self.again.entry(key).or_insert(at);
            *again = at.min(*again);
            return;
        }
        let key = match self.waiting.get(&key).copied() {
            Some((due, _)) if due <= at => return,
            Some(due) => self.due.remove(&due).unwrap_or(key),
            None => key,
        };
        self.next += 1;
        self.due.insert((at, self.next), Arc::clone(&key));
        self.waiting.insert(key, (at, self.next));
    }

    /// Takes the first key that is due.
    pub fn take(&mut self, now: Timestamp) -> Option<Arc<K>> {
        let first = self.due.first_entry().filter(|first| first.key().0 <= now)?;
        let key = first.remove();
        self.waiting.remove(&key);
        self.working.insert(Arc::clone(&key));
        Some(key)
    }

    /// Ends the work on a key; it is due again at `at`, or when it was added for meanwhile, whichever comes first.
    pub fn done(&mut self, key: &Arc<K>, at: Option<Timestamp>) {
        self.working.remove(key);
        for at in self.again.remove(key).into_iter().chain(at) {
            self.add_shared(Arc::clone(key), at);
        }
    }

    /// When the next key falls due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|((due, _), _)| *due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn take(queue: &mut Queue<&'static str>, millis: i64) -> Option<&'static str> {
        queue.take(at(millis)).map(|key| *key)
    }

    #[test]
    fn a_key_waits_once_and_at_its_earliest_time() {
        let mut queue = Queue::default();
        queue.add("a", at(20));
        queue.add("b", at(15));
        queue.add("a", at(10));
        queue.add("a", at(30));
        assert_eq!(take(&mut queue, 5), None);
        assert_eq!(take(&mut queue, 50), Some("a"));
        assert_eq!(take(&mut queue, 50), Some("b"));
        assert_eq!(take(&mut queue, 50), None);
    }

    #[test]
    fn a_key_added_during_its_work_gets_another_look_and_never_two_workers() {
        let mut queue = Queue::default();
        queue.add("a", at(0));
        assert_eq!(take(&mut queue, 0), Some("a"));
        queue.add("a", at(0));
        assert_eq!(take(&mut queue, 0), None);
        queue.done(&Arc::new("a"), None);
        assert_eq!(take(&mut queue, 0), Some("a"));
        queue.done(&Arc::new("a"), None);
        assert_eq!(take(&mut queue, 0), None);
    }
}
