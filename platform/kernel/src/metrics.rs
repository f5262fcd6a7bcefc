//! Counters and latencies, written in Prometheus' text form.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [(u64, &str); 8] = [
    (50, "0.00005"),
    (100, "0.0001"),
    (500, "0.0005"),
    (1_000, "0.001"),
    (5_000, "0.005"),
    (25_000, "0.025"),
    (100_000, "0.1"),
    (1_000_000, "1"),
];

/// What is counted of one operation.
#[derive(Debug, Default)]
pub struct OperationStats {
    ok: AtomicU64,
    client_errors: AtomicU64,
    server_errors: AtomicU64,
    denied: AtomicU64,
    buckets: [AtomicU64; BUCKETS.len()],
    micros: AtomicU64,
}

impl OperationStats {
    pub(crate) fn count(&self, status: u16, denied: bool, took: Duration) {
        let by_status = match status {
            ..400 => &self.ok,
            400..500 => &self.client_errors,
            _ => &self.server_errors,
        };
        by_status.fetch_add(1, Ordering::Relaxed);
        if denied {
            self.denied.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        for ((limit, _), bucket) in BUCKETS.iter().zip(&self.buckets) {
            if micros <= *limit {
                bucket.fetch_add(1, Ordering::Relaxed);
                break;
            }
        }
    }

    fn total(&self) -> u64 {
        [&self.ok, &self.client_errors, &self.server_errors]
            .iter()
            .map(|c| c.load(Ordering::Relaxed))
            .sum()
    }
}

/// Writes the counters of operations that were called at least once.
pub(crate) fn write_operations<'a>(
    text: &mut String,
    operations: impl Iterator<Item = (&'a str, &'a str, &'a OperationStats)> + Clone,
) {
    let called = operations.filter(|(_, _, stats)| stats.total() > 0);
    text.push_str("# HELP roadstead_requests_total Calls by service, operation and status class.\n");
    text.push_str("# TYPE roadstead_requests_total counter\n");
    for (service, operation, stats) in called.clone() {
        for (class, count) in [
            ("2xx", &stats.ok),
            ("4xx", &stats.client_errors),
            ("5xx", &stats.server_errors),
        ] {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                let _ = writeln!(
                    text,
                    "roadstead_requests_total{{service=\"{service}\",operation=\"{operation}\",status=\"{class}\"}} {count}"
                );
            }
        }
    }
    text.push_str("# HELP roadstead_request_duration_seconds Time in the kernel, from needs to audit.\n");
    text.push_str("# TYPE roadstead_request_duration_seconds histogram\n");
    for (service, operation, stats) in called.clone() {
        let labels = format!("service=\"{service}\",operation=\"{operation}\"");
        let mut below = 0;
        for ((_, bound), bucket) in BUCKETS.iter().zip(&stats.buckets) {
            below += bucket.load(Ordering::Relaxed);
            let _ = writeln!(
                text,
                "roadstead_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}} {below}"
            );
        }
        let total = stats.total();
        let _ = writeln!(
            text,
            "roadstead_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} {total}"
        );
        #[expect(clippy::cast_precision_loss, reason = "a sum of microseconds stays far below 2^52")]
        let sum = stats.micros.load(Ordering::Relaxed) as f64 / 1e6;
        let _ = writeln!(text, "roadstead_request_duration_seconds_sum{{{labels}}} {sum}");
        let _ = writeln!(text, "roadstead_request_duration_seconds_count{{{labels}}} {total}");
    }
    text.push_str("# HELP roadstead_authorizations_total Calls by service, operation and decision.\n");
    text.push_str("# TYPE roadstead_authorizations_total counter\n");
    for (service, operation, stats) in called {
        let denied = stats.denied.load(Ordering::Relaxed);
        let allowed = stats.total().saturating_sub(denied);
        for (decision, count) in [("allow", allowed), ("deny", denied)] {
            if count > 0 {
                let _ = writeln!(
                    text,
                    "roadstead_authorizations_total{{service=\"{service}\",operation=\"{operation}\",decision=\"{decision}\"}} {count}"
                );
            }
        }
    }
}
