//! The audit trail: one record for every call that reached an operation, appended off the calls' path.

mod log;
mod record;
mod search;

#[cfg(test)]
mod tests;

pub use log::{AuditLog, read_records, tail};
pub use record::{Decided, Failure, IdentityRecord, Record, SessionRecord};
pub use search::{Position, Search};
