//! Everything that can go wrong in a store, in words for the operator.

use crate::key::readable;
use crate::{LeaseId, Revision};
use bytes::Bytes;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The result of anything a store does.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why a store could not do what was asked; cheap to clone, because one failed commit answers many callers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// A guard did not hold, so nothing of the transaction was written.
    Conflict {
        /// The key of the first guard that failed; for a guard over a prefix, the first key that broke it.
        key: Bytes,
    },
    /// The history asked for is no longer kept: read again, then watch from the revision of that read.
    Compacted {
        /// The lowest revision that can still be watched from.
        floor: Revision,
    },
    /// The lease was never granted, was revoked, or has expired.
    LeaseNotFound {
        /// The lease that was named.
        lease: LeaseId,
    },
    /// The transaction exceeds a limit which holds for every backend.
    TooLarge {
        /// What is too large, such as `operations`.
        what: &'static str,
        /// How many there were.
        size: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// The transaction writes a key twice.
    DuplicateKey {
        /// The key.
        key: Bytes,
    },
    /// The transaction names an empty key.
    EmptyKey,
    /// The disk, a quota or the file size limit is exhausted.
    Full {
        /// What was being done.
        context: String,
        /// The system's answer.
        source: Arc<std::io::Error>,
    },
    /// Reading or writing the files failed.
    Io {
        /// What was being done.
        context: String,
        /// The system's answer.
        source: Arc<std::io::Error>,
    },
    /// The files are there but are not what this program wrote, or not what this version can read.
    Corrupt {
        /// What was being done, and what is wrong.
        context: String,
    },
    /// A stored or to be stored record could not be converted.
    Record {
        /// The key of the record, empty where it is not known.
        key: Bytes,
        /// What is wrong.
        problem: String,
    },
    /// Another process uses the directory.
    Locked {
        /// The directory.
        directory: PathBuf,
    },
    /// A write failed earlier; whether it reached the disk is unknown, so the store takes no more writes.
    Stopped {
        /// The failure that stopped it.
        cause: Arc<StoreError>,
    },
    /// The store was closed.
    Closed,
}

impl StoreError {
    /// Tells whether a guard failed, in other words whether reading again and retrying can help.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Sorts a system error into `Full` and `Io`.
    pub(crate) fn io(context: impl Into<String>, source: std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let context = context.into();
        match source.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full {
                context,
                source: Arc::new(source),
            },
            _ => Self::Io {
                context,
                source: Arc::new(source),
            },
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { key } => write!(f, "`{}` was changed in between", readable(key)),
            Self::Compacted { floor } => {
                write!(
                    f,
                    "the history before revision {floor} is gone; read again and watch from there"
                )
            }
            Self::LeaseNotFound { lease } => write!(f, "lease {lease} does not exist or has expired"),
            Self::TooLarge { what, size, limit } => {
                write!(f, "the transaction has {size} {what}, more than the {limit} allowed")
            }
            Self::DuplicateKey { key } => write!(f, "the transaction writes `{}` twice", readable(key)),
            Self::EmptyKey => f.write_str("the transaction names an empty key"),
            Self::Full { context, source } => {
                write!(
                    f,
                    "{context}: no space left ({source}); free some space and start again"
                )
            }
            Self::Io { context, source } => write!(f, "{context}: {source}"),
            Self::Corrupt { context } => {
                write!(
                    f,
                    "{context}; nothing was changed: restore the file from a backup or name another directory"
                )
            }
            Self::Record { key, problem } => write!(f, "the record `{}` is not readable: {problem}", readable(key)),
            Self::Locked { directory } => write!(
                f,
                "another server uses `{}`; stop it or name another directory",
                directory.display()
            ),
            Self::Stopped { cause } => write!(f, "the store takes no more writes since one failed: {cause}"),
            Self::Closed => f.write_str("the store is closed"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Full { source, .. } | Self::Io { source, .. } => Some(source.as_ref()),
            Self::Stopped { cause } => Some(cause.as_ref()),
            _ => None,
        }
    }
}
