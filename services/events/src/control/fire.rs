//! Rules that fire by the clock: each look at one finds out whether it was due, and when it is due next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use roadstead_control::{Next, Reconciler};
use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_kernel::{Kernel, Result};

use crate::event::{Content, Event};
use crate::records::Rule;
use crate::schedule::Schedule;
use crate::{Events, arn, scope};

/// The longest time between two looks, so that a clock that is set meanwhile is noticed.
const LONGEST: Duration = Duration::from_secs(60);

/// Fires rules by the clock; a rule is named by its place and its name, as all are on the default bus.
pub struct Timers {
    kernel: Arc<Kernel>,
    events: Weak<Events>,
    planned: Mutex<HashMap<(Place, String), Planned>>,
}

/// When a rule is due next.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Planned {
    schedule: String,
    since: Timestamp,
    at: Option<Timestamp>,
}

impl Timers {
    /// Works on the rules of a service.
    pub fn new(kernel: Arc<Kernel>, events: Weak<Events>) -> Self {
        Self {
            kernel,
            events,
            planned: Mutex::default(),
        }
    }

    fn plan(&self, key: &(Place, String), planned: Option<Planned>) -> Option<Planned> {
        let mut all = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        match planned {
            Some(planned) => all.insert(key.clone(), planned),
            None => all.remove(key),
        }
    }

    fn planned(&self, key: &(Place, String)) -> Option<Planned> {
        let all = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(key).cloned()
    }
}

impl Reconciler for Timers {
    type Key = (Place, String);

    fn name(&self) -> &'static str {
        "events/schedule"
    }

    async fn reconcile(&self, key: &Self::Key) -> Result<Next> {
        let Some(events) = self.events.upgrade() else {
            return Ok(Next::Forget);
        };
        let (place, name) = (key.0, key.1.as_str());
        let found = events.rules.get(scope(&place), &[arn::DEFAULT, name]).await?;
        let rule = found.map(|found| found.record).filter(Rule::is_enabled);
        let schedule = rule.as_ref().and_then(|rule| rule.schedule.as_deref());
        let parsed = schedule.and_then(Schedule::parse);
        let (Some(rule), Some(text), Some(schedule)) = (&rule, schedule, parsed) else {
            self.plan(key, None);
            return Ok(Next::Forget);
        };
        let now = self.kernel.clock().now();
        // Counted from what was planned, never from the past: what was due while no server ran is not made up for.
        let known = self
            .planned(key)
            .filter(|known| known.schedule == *text && known.since == rule.since);
        let due = known.as_ref().and_then(|known| known.at).filter(|at| *at <= now);
        if let Some(due) = due {
            events
                .fire(place, rule, &scheduled(&self.kernel, place, rule, due)?, now)
                .await?;
        }
        let at = match known {
            Some(known) if due.is_none() => known.at,
            _ => schedule.next(rule.since, now),
        };
        let planned = Planned {
            schedule: text.to_owned(),
            since: rule.since,
            at,
        };
        self.plan(key, Some(planned));
        Ok(match at {
            Some(at) => Next::In(at.since(now).min(LONGEST)),
            None => Next::WhenChanged,
        })
    }
}

/// The event that a schedule makes.
// AWS: documented.
fn scheduled(kernel: &Kernel, place: Place, rule: &Rule, due: Timestamp) -> Result<Event> {
    let content = Content {
        id: kernel.ids().uuid(),
        source: "aws.events",
        detail_type: "Scheduled Event",
        time: due,
        resources: vec![rule.arn(place)],
        detail: "{}",
    };
    Event::new(place, content)
}
