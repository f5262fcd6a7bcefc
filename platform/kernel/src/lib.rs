//! The kernel: the one path of a call, and the only place where anything is authorized.
//!
//! ```text
//! bytes ─ answer: route ─ SigV4 ─ decode+validate ─┐
//! cx.onward (a service acting as the caller) ──────┼─► run: needs → authorize → handle → audit ─► reply
//! Behalf (a service acting as a role) ─────────────┤
//! OwnName (a service in its own name) ─────────────┘
//! ```
//!
//! INVARIANT: nothing acts without a [`Cx`], a [`Behalf`] or an [`OwnName`]; only this crate makes callers; no caller is privileged.

mod accessed;
pub mod audit;
mod authorize;
mod behalf;
mod caller;
mod credentials;
mod cx;
mod directory;
mod explain;
mod fault;
mod front;
mod kernel;
pub mod linked;
mod metrics;
mod needs;
mod operation;
mod own_name;
mod places;
mod publish;
mod seal;
mod session;

pub use accessed::{Accessed, Attempt, KeyUse};
pub use behalf::{Behalf, session_credentials};
pub use caller::{Aside, Caller, CallerKind, Origin};
pub use cx::Cx;
pub use directory::{AccessKey, Directory, Identity, OidcProvider, Role, Secret, Who};
pub use explain::{Explained, ExplainedPolicy, ExplainedStatement, Question};
pub use fault::{Cause, Context, Fault, Result};
pub use front::Peer;
pub use kernel::{Kernel, Parts};
pub use needs::{KeyValue, Needs};
pub use operation::{Erased, Handle, HandleStream, Mounted, Reply, Serve, Service, Streamed};
pub use own_name::OwnName;
pub use places::places;
pub use publish::Listeners;
pub use roadstead_store::BoxFuture;
pub use roadstead_wire::{ApiError, Operation, OperationMeta, ServiceMeta};
pub use seal::Seal;
pub use session::{Claims, Credentials, MASTER_KEY_LEN, SessionKind, Sessions};

/// What a file with an operation in it needs.
pub mod prelude {
    pub use crate::{Context, Cx, Fault, Handle, Needs, Reply, Result};
    pub use roadstead_core::{Tags, Timestamp};
    pub use roadstead_wire::ApiError;
}
