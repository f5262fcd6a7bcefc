//! Interfaces as tasks see them: each test has a host of its own, a network namespace that nothing else is in.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod attach;
mod groups;
mod host;
mod reuse;
mod simulated;
mod traffic;
