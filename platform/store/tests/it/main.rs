//! The store from outside: one suite for every backend, a model, the embedded store's files, and tables.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod backends;
mod files;
mod follow;
mod leases;
mod model;
mod scratch;
mod tables;
mod watches;

/// Makes one test per backend of each async function, in modules named after the backend.
macro_rules! on_every_backend {
    ($($name:ident),* $(,)?) => {
        mod memory {
            $(#[test] fn $name() { crate::scratch::on_memory(super::$name); })*
        }
        mod embedded {
            $(#[test] fn $name() { crate::scratch::on_embedded(super::$name); })*
        }
    };
}
pub(crate) use on_every_backend;
