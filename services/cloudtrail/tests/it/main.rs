//! CloudTrail as clients see it, over calls of IAM and STS that really happened.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "tests"
)]

mod lookup;
mod trails;
mod world;
