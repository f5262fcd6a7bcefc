//! What the program adds to its parts, each test on a host of its own: a network namespace that nothing else is in.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

#[path = "../../../planes/network/tests/it/host.rs"]
mod host;
mod names;
