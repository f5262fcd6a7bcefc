//! IAM as clients see it: signed forms in, XML out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "tests"
)]

mod account;
mod advisor;
mod linked_roles;
mod policies;
mod races;
mod roles;
mod sessions;
mod users;
mod web_identity;
mod world;
