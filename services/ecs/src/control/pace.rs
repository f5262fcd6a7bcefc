//! How patient the service scheduler is.

use std::time::Duration;

/// How much longer changes are gathered with each task of a service: some times what it takes to read it.
const A_TASK_MORE: Duration = Duration::from_micros(60);

/// How patient the scheduler is.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long a task of a new deployment must run to count as healthy.
    // AWS: documented as 40 s; deployments were recorded to complete 7 s after their last task ran.
    pub healthy_after: Duration,
    /// How long a task must have run to have come to run at all: one that ends sooner failed to start.
    // AWS: documented; the circuit breaker counts tasks that never come to be RUNNING, and those that fail their health
    // checks. One that ran and ended by itself counts for nothing, whatever its exit code. A container that exits at
    // once does count, others measured that in July 2026: it ends before anybody believed its task to be RUNNING. Where
    // AWS draws that line is told nowhere.
    pub ran_after: Duration,
    /// How long after a task's change its service is looked at at the soonest, so that many changes need one look.
    pub gather: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            healthy_after: Duration::from_secs(5),
            ran_after: Duration::from_secs(2),
            gather: Duration::from_millis(100),
        }
    }
}

impl Pace {
    /// As patient as AWS is.
    // AWS: documented.
    pub fn aws() -> Self {
        Self {
            healthy_after: Duration::from_secs(40),
            ..Self::default()
        }
    }

    /// How long after a task's change its service is looked at: with many tasks longer, as a look reads all of them, so
    /// that looking costs a task the same in a large service as in a small one.
    pub fn gather_for(self, tasks: u32) -> Duration {
        self.gather.max(A_TASK_MORE.saturating_mul(tasks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_large_services_are_looked_at_less_often() {
        let pace = Pace::default();
        assert_eq!(pace.gather_for(0), pace.gather);
        assert_eq!(pace.gather_for(1_000), pace.gather);
        assert_eq!(pace.gather_for(10_000), Duration::from_millis(600));
    }
}
