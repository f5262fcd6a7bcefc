//! Integration tests of the policy engine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    missing_docs,
    dead_code,
    unreachable_pub,
    reason = "tests"
)]

#[path = "../support/mod.rs"]
mod support;

mod decisions;
mod ecs_service_role;
mod explanations;
mod messages;
mod properties;
mod reference_tables;
mod shared;
mod traps;
mod validation;
mod worst_case;
