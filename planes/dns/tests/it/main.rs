//! The resolver as its clients see it: on loopback, with clients at addresses of their own and an upstream of the test's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod bed;
mod other_names;
mod own_names;
