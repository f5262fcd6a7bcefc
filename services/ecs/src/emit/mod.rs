//! What ECS tells EventBridge: every change of a task and of a container instance, what befalls services, and how far
//! deployments are.
//!
//! A store around the store looks at what is written: a transaction that changes one of these also writes the
//! events that this makes, so that no change is untold after a crash, wherever it was made. A forwarder then puts them
//! on the default bus, as `ecs.amazonaws.com`. Where nobody listens, nothing is written.

mod forward;
mod instance;
mod notice;
mod outbox;
mod service;
mod task;

pub use forward::Forwarder;
pub use notice::Noticing;

use roadstead_core::Timestamp;

/// Who tells.
pub const SOURCE: &str = "aws.ecs";

/// A time as events show it: milliseconds without the zeros at their end.
// AWS: recorded, such as `2026-09-16T10:25:41.94Z`.
fn iso(at: Timestamp) -> String {
    let text = at.iso8601();
    match text.strip_suffix('Z').and_then(|text| text.split_once('.')) {
        Some((whole, fraction)) => format!("{whole}.{}Z", fraction.trim_end_matches('0')),
        None => text,
    }
}
