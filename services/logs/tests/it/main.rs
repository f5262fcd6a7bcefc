//! CloudWatch Logs behind a kernel with a memory store and a clock that is set: signed requests in, replies out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod allowed;
mod bed;
mod events;
mod filters;
mod groups;
mod live;
mod paging;
mod policies;
mod restart;
mod retention;
mod streams;
