//! The rules of each bus, compiled and at hand, until one of them changes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use roadstead_core::arn::Place;
use roadstead_kernel::Result;
use roadstead_store::{Store, Table};
use serde_json::Value;

use crate::pattern::Pattern;
use crate::records::{Rule, Target};
use crate::scope;

/// The enabled rules of one bus that pick events.
#[derive(Default)]
pub struct Book {
    rules: Vec<Picking>,
}

/// A rule that picks events, with its targets.
pub struct Picking {
    /// The rule.
    pub rule: Rule,
    /// Its targets.
    pub targets: Vec<api_events::Target>,
    pattern: Pattern,
}

impl Book {
    /// The rules that pick an event.
    pub fn picking<'a>(&'a self, event: &'a Value) -> impl Iterator<Item = &'a Picking> {
        self.rules.iter().filter(|rule| rule.pattern.matches(event))
    }

    /// Whether a rule that has targets could pick events of a source.
    pub fn take_source(&self, source: &str) -> bool {
        self.rules
            .iter()
            .any(|rule| !rule.targets.is_empty() && rule.pattern.takes_source(source))
    }
}

/// The books of all buses that were asked for.
pub struct Books {
    rules: Table<Rule>,
    targets: Table<Target>,
    kept: RwLock<HashMap<Place, HashMap<String, Arc<Book>>>>,
    /// Grows with every change, so that what was read before one is not kept after it.
    changes: AtomicU64,
}

impl Books {
    /// The books over a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            rules: Table::new(Arc::clone(&store)),
            targets: Table::new(store),
            kept: RwLock::default(),
            changes: AtomicU64::new(0),
        }
    }

    /// The book of a bus.
    pub async fn of(&self, place: Place, bus: &str) -> Result<Arc<Book>> {
        if let Some(book) = self.kept(place, bus) {
            return Ok(book);
        }
        let before = self.changes.load(Ordering::Acquire);
        let book = Arc::new(self.read(place, bus).await?);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if self.changes.load(Ordering::Acquire) == before {
            kept.entry(place).or_default().insert(bus.to_owned(), Arc::clone(&book));
        }
        Ok(book)
    }

    /// Forgets a bus's book: to be called after every change of its rules and targets.
    pub fn forget(&self, place: Place, bus: &str) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::AcqRel);
        if let Some(buses) = kept.get_mut(&place) {
            buses.remove(bus);
        }
    }

    fn kept(&self, place: Place, bus: &str) -> Option<Arc<Book>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(&place)?.get(bus).map(Arc::clone)
    }

    async fn read(&self, place: Place, bus: &str) -> Result<Book> {
        let mut rules = Vec::new();
        for found in self.rules.list(scope(&place), &[bus], None, usize::MAX).await?.records {
            let rule = found.record;
            let Some(text) = rule.pattern.as_ref().filter(|_| rule.is_enabled()) else {
                continue;
            };
            let pattern = match Pattern::parse(text) {
                Ok(pattern) => pattern,
                Err(why) => {
                    tracing::error!(bus, rule = rule.name, why, "a stored rule's pattern cannot be read");
                    continue;
                }
            };
            let id = [bus, rule.name.as_str()];
            let targets = self.targets.list(scope(&place), &id, None, usize::MAX).await?.records;
            let targets = targets.into_iter().map(|target| target.record.given.0).collect();
            rules.push(Picking { rule, targets, pattern });
        }
        Ok(Book { rules })
    }
}
