//! What a container finds at `169.254.170.2`: task metadata and statistics, credentials, the agent's API.
//!
//! This crate knows paths, status codes, error texts and limits; what is told about a task, and to whom, is a
//! [`Source`]'s to decide. A listener belongs to one task: who can connect to it at all is in that task.

mod answer;
mod bucket;
mod path;
mod secret;
mod serve;
mod source;

use std::net::{Ipv4Addr, SocketAddrV4};

pub use futures_util::future::BoxFuture;
pub use secret::Secret;
pub use serve::{Api, Served, forward, serve};
pub use source::{AgentError, Form, Lack, NoCredentials, Protect, Protection, RoleCredentials, Source, Target};

/// Where containers look for all of it: a fixed address of link scope.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 2);
/// Where metadata and credentials are served.
pub const METADATA: SocketAddrV4 = SocketAddrV4::new(ADDRESS, 80);
/// Where tasks reach the APIs of this installation.
pub const ENDPOINT: SocketAddrV4 = SocketAddrV4::new(ADDRESS, 4566);
