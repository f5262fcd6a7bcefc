//! CloudTrail as clients see it, over calls that really happened.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "tests"
)]

mod calls;
mod identities;
mod lookup;
mod selectors;
mod tags;
mod trails;
mod updates;
mod world;
