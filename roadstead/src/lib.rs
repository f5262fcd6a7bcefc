//! Roadstead as a library: an installation composed of its services, and the listener in front of it.
//!
//! The binary is a thin command line over this; service tests use [`Installation::in_memory`].

pub mod admin;
pub mod client;
pub mod data_dir;
mod ec2_changes;
mod engine_net;
mod installation;
mod listener;
mod modelled;
mod resolving;
pub mod this_machine;

pub use data_dir::{DataDir, RootKeys};
pub use ec2_changes::{InForce, follow as follow_ec2_changes};
pub use engine_net::EngineNet;
pub use installation::{Installation, Options, SystemEntropy};
pub use listener::{Listener, MAX_BODY};
pub use resolving::Resolving;

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
