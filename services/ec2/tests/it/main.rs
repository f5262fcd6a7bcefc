//! EC2 as clients see it: signed forms in, XML out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "tests"
)]

mod default_vpc;
mod groups;
mod interfaces;
mod networks;
mod permissions;
mod tagging;
mod updates;
mod world;
