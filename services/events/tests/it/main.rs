//! EventBridge in an in-memory installation: a real kernel, real IAM, STS, Logs and ECS, a clock that is set.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "tests"
)]

mod buses;
mod delivery;
mod events;
mod permissions;
mod rules;
mod schedules;
mod targets;
mod world;
