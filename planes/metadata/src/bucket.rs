//! How often a task may ask.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Requests per second in the long run.
const STEADY: f64 = 40.0;
/// Requests at once.
const BURST: f64 = 60.0;

/// A token bucket.
// AWS: `ECS_TASK_METADATA_RPS_LIMIT` defaults to 40,60.
pub struct Bucket(Mutex<(f64, Instant)>);

impl Bucket {
    pub fn full(now: Instant) -> Self {
        Self(Mutex::new((BURST, now)))
    }

    /// Takes one token, if there is one.
    pub fn take(&self, now: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, since) = *state;
        let refilled = (tokens + now.saturating_duration_since(since).as_secs_f64() * STEADY).min(BURST);
        let is_given = refilled >= 1.0;
        *state = (if is_given { refilled - 1.0 } else { refilled }, now);
        is_given
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn sixty_at_once_and_forty_each_second_after() {
        let start = Instant::now();
        let bucket = Bucket::full(start);
        let given = |at: Instant| (0..100).filter(|_| bucket.take(at)).count();
        assert_eq!(given(start), 60);
        assert_eq!(given(start + Duration::from_secs(1)), 40);
        assert_eq!(given(start + Duration::from_millis(1500)), 20);
        assert_eq!(given(start + Duration::from_secs(100)), 60);
    }
}
