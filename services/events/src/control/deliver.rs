//! Deliveries: each is tried until it succeeds, cannot succeed, or its retry policy is used up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use roadstead_control::{Next, Reconciler};
use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_kernel::{Kernel, Result};
use roadstead_store::Table;

use super::bring::{Setback, bring};
use crate::records::Delivery;
use crate::scope;

/// How often AWS tries again, unless the target says otherwise.
// AWS: documented.
const MAX_RETRIES: u32 = 185;
/// How long AWS tries, unless the target says otherwise.
// AWS: documented.
const MAX_AGE: Duration = Duration::from_secs(86_400);
/// The pause after the first failure; doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Names a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeliveryKey {
    /// Account and region.
    pub place: Place,
    /// When it was accepted, the event's id, the bus, the rule and the target's id.
    pub id: Vec<String>,
}

/// Brings events to targets.
pub struct Deliveries {
    kernel: Arc<Kernel>,
    stored: Table<Delivery>,
    delivered: AtomicU64,
    given_up: AtomicU64,
}

impl Deliveries {
    /// Works on the deliveries of a store.
    pub fn new(kernel: Arc<Kernel>, stored: Table<Delivery>) -> Self {
        Self {
            kernel,
            stored,
            delivered: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
        }
    }

    /// How many deliveries succeeded, and how many were given up.
    pub fn counts(&self) -> (u64, u64) {
        (
            self.delivered.load(Ordering::Relaxed),
            self.given_up.load(Ordering::Relaxed),
        )
    }
}

impl Reconciler for Deliveries {
    type Key = DeliveryKey;

    fn name(&self) -> &'static str {
        "events/delivery"
    }

    async fn reconcile(&self, key: &DeliveryKey) -> Result<Next> {
        let id: Vec<&str> = key.id.iter().map(String::as_str).collect();
        let Some(found) = self.stored.get(scope(&key.place), &id).await? else {
            return Ok(Next::Forget);
        };
        let delivery = found.record;
        let why = match bring(&self.kernel, key.place, &delivery).await {
            Ok(()) => {
                self.stored.delete(scope(&key.place), &id, found.revision).await?;
                self.delivered.fetch_add(1, Ordering::Relaxed);
                return Ok(Next::Forget);
            }
            Err(setback) => setback,
        };
        let now = self.kernel.clock().now();
        let started = match &why {
            Setback::Later(_) => Some(0),
            Setback::Partly(started, _) => Some(*started),
            Setback::Never(_) => None,
        };
        if let Some(started) = started
            && let Some(pause) = pause(&delivery, now)
        {
            tracing::debug!(
                rule = delivery.rule,
                target = delivery.target.0.arn,
                why = why.text(),
                "a delivery failed; it is tried again"
            );
            let failed = delivery.failed + 1;
            let started = delivery.started + started;
            let again = Delivery {
                failed,
                started,
                ..delivery
            };
            self.stored
                .replace(scope(&key.place), &id, found.revision, &again)
                .await?;
            return Ok(Next::In(pause));
        }
        // Queues for what cannot be delivered are not there: what is given up is told here and counted.
        tracing::warn!(
            bus = delivery.bus,
            rule = delivery.rule,
            target = delivery.target.0.arn,
            event = delivery.event,
            failed = delivery.failed + 1,
            dead_letter_queue = delivery
                .target
                .0
                .dead_letter_config
                .as_ref()
                .and_then(|config| config.arn.as_deref()),
            why = why.text(),
            "an event could not be delivered and was given up; there are no dead-letter queues here"
        );
        self.stored.delete(scope(&key.place), &id, found.revision).await?;
        self.given_up.fetch_add(1, Ordering::Relaxed);
        Ok(Next::Forget)
    }
}

/// How long to wait before a delivery that failed once more is tried again; none when it was tried enough.
fn pause(delivery: &Delivery, now: Timestamp) -> Option<Duration> {
    let policy = delivery.target.0.retry_policy.as_ref();
    let retries = policy
        .and_then(|policy| policy.maximum_retry_attempts)
        .and_then(|most| u32::try_from(most).ok())
        .unwrap_or(MAX_RETRIES);
    let age = policy
        .and_then(|policy| policy.maximum_event_age_in_seconds)
        .and_then(|secs| u64::try_from(secs).ok())
        .map_or(MAX_AGE, Duration::from_secs);
    let doubled = 1_u32.checked_shl(delivery.failed).unwrap_or(u32::MAX);
    let pause = FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE);
    (delivery.failed < retries && now.plus(pause).since(delivery.at) <= age).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Document;
    use api_events::{RetryPolicy, Target};

    fn check(failed: u32, secs: u64, policy: Option<(i32, i32)>) -> Option<u64> {
        let retry_policy = policy.map(|(most, age)| RetryPolicy {
            maximum_retry_attempts: Some(most),
            maximum_event_age_in_seconds: Some(age),
        });
        let at = Timestamp::from_secs(1_000);
        let delivery = Delivery {
            event: String::new(),
            at,
            time: at,
            bus: String::new(),
            rule: String::new(),
            target: Document(Target {
                retry_policy,
                ..Target::default()
            }),
            payload: String::new(),
            failed,
            started: 0,
        };
        pause(&delivery, at.plus(Duration::from_secs(secs))).map(|pause| pause.as_secs())
    }

    #[test]
    fn pauses_grow_until_the_retry_policy_is_used_up() {
        assert_eq!(check(0, 0, None), Some(1));
        assert_eq!(check(3, 10, None), Some(8));
        assert_eq!(check(100, 80_000, None), Some(600));
        assert_eq!(check(184, 80_000, None), Some(600));
        assert_eq!(check(185, 80_000, None), None);
        assert_eq!(check(5, 86_390, None), None);
        assert_eq!(check(0, 0, Some((0, 86_400))), None);
        assert_eq!(check(1, 0, Some((2, 60))), Some(2));
        assert_eq!(check(2, 0, Some((2, 60))), None);
        assert_eq!(check(1, 59, Some((185, 60))), None);
    }
}
