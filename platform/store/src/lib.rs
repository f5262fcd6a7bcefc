//! The store: ordered keys with one revision counter, guarded transactions, watches and leases, and typed tables on top.
//!
//! It is the smallest thing that an embedded B-tree and etcd both do natively. [`Memory`] serves tests, [`Embedded`]
//! keeps everything in one file and acknowledges only what is durable. Everybody holds `Arc<dyn Store>`, mostly through
//! a [`Table`].

mod apply;
mod embedded;
mod error;
mod follow;
mod key;
mod lease;
mod memory;
mod record;
mod store;
mod table;
mod txn;
mod watch;

pub use embedded::Embedded;
pub use error::{Result, StoreError};
pub use follow::{Count, Followed, Summary};
pub use key::{GLOBAL, KeyParts, Scope, ordered, readable, record_key, record_prefix};
pub use lease::LeaseId;
pub use memory::Memory;
pub use record::{Record, Versioned, decode, encode};
pub use store::{BoxFuture, Entry, Range, Revision, Store};
pub use table::{Page, Table, scopes};
pub use txn::{Guard, MAX_TXN_BYTES, MAX_TXN_OPS, Op, Txn};
pub use watch::{Change, EventSource, Events, Watch};
