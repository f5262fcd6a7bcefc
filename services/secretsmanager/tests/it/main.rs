//! Secrets Manager behind a kernel with a memory store and a clock that is set: signed requests in, replies out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod allowed;
mod bed;
mod deletion;
mod lists;
mod policies;
mod secrets;
mod versions;
