//! Transactions: guards that must hold and operations that happen together, or not at all.

use crate::{LeaseId, Result, Revision, StoreError};
use bytes::Bytes;

/// The most guards, and the most operations, of one transaction (etcd's `--max-txn-ops`).
pub const MAX_TXN_OPS: usize = 128;
/// The most bytes of keys and values in one transaction (etcd's `--max-request-bytes`).
pub const MAX_TXN_BYTES: usize = 1_572_864;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Writes a value; without a lease it also detaches the key from the lease it had.
    Put {
        /// The key.
        key: Bytes,
        /// The value.
        value: Bytes,
        /// The lease whose end deletes the key.
        lease: Option<LeaseId>,
    },
    /// Deletes a key; nothing happens where there is none.
    Delete {
        /// The key.
        key: Bytes,
    },
    /// Deletes all keys below a prefix.
    DeletePrefix {
        /// The prefix, not empty.
        prefix: Bytes,
    },
}

/// What must hold for a transaction to happen.
///
/// Each is one native comparison in etcd (`create_revision`, `mod_revision`, the latter also over a range).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// There is no such key.
    Absent(Bytes),
    /// There is such a key.
    Present(Bytes),
    /// The key exists and was last modified by this revision.
    At(Bytes, Revision),
    /// No key begins with this prefix.
    NoneBelow(Bytes),
    /// Every key that now begins with this prefix was last modified at `since` or before.
    ///
    /// This sees keys that were added or rewritten, **not deletions**. It suits invariants that a deletion cannot
    /// break (names are unique, at most so many exist). It costs a walk over the keys of the prefix.
    Unwritten {
        /// The prefix.
        prefix: Bytes,
        /// The revision of the read whose conclusion must still hold.
        since: Revision,
    },
}

/// Guards and operations, built up by several hands and committed as one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Txn {
    guards: Vec<Guard>,
    ops: Vec<Op>,
}

impl Txn {
    /// An empty transaction.
    pub const fn new() -> Self {
        Self {
            guards: Vec::new(),
            ops: Vec::new(),
        }
    }

    /// Adds a guard.
    pub fn guard(mut self, guard: Guard) -> Self {
        self.guards.push(guard);
        self
    }

    /// Adds the guard that there is no such key.
    pub fn absent(self, key: impl Into<Bytes>) -> Self {
        self.guard(Guard::Absent(key.into()))
    }

    /// Adds the guard that there is such a key.
    pub fn present(self, key: impl Into<Bytes>) -> Self {
        self.guard(Guard::Present(key.into()))
    }

    /// Adds the guard that the key was last modified by this revision.
    pub fn at(self, key: impl Into<Bytes>, revision: Revision) -> Self {
        self.guard(Guard::At(key.into(), revision))
    }

    /// Adds the guard that no key begins with this prefix.
    pub fn none_below(self, prefix: impl Into<Bytes>) -> Self {
        self.guard(Guard::NoneBelow(prefix.into()))
    }

    /// Adds the guard that no key that begins with this prefix was written after `since`.
    pub fn unwritten(self, prefix: impl Into<Bytes>, since: Revision) -> Self {
        self.guard(Guard::Unwritten {
            prefix: prefix.into(),
            since,
        })
    }

    /// Writes a value.
    pub fn put(mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        self.ops.push(Op::Put {
            key: key.into(),
            value: value.into(),
            lease: None,
        });
        self
    }

    /// Writes a value that is deleted when the lease ends.
    pub fn put_leased(mut self, key: impl Into<Bytes>, value: impl Into<Bytes>, lease: LeaseId) -> Self {
        self.ops.push(Op::Put {
            key: key.into(),
            value: value.into(),
            lease: Some(lease),
        });
        self
    }

    /// Deletes a key.
    pub fn delete(mut self, key: impl Into<Bytes>) -> Self {
        self.ops.push(Op::Delete { key: key.into() });
        self
    }

    /// Deletes all keys below a prefix.
    pub fn delete_prefix(mut self, prefix: impl Into<Bytes>) -> Self {
        self.ops.push(Op::DeletePrefix { prefix: prefix.into() });
        self
    }

    /// Adds a guard in place.
    pub fn push_guard(&mut self, guard: Guard) {
        self.guards.push(guard);
    }

    /// Adds an operation in place.
    pub fn push(&mut self, op: Op) {
        self.ops.push(op);
    }

    /// The guards, in the order in which they are checked.
    pub fn guards(&self) -> &[Guard] {
        &self.guards
    }

    /// The operations.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// Tells whether there is neither a guard nor an operation.
    pub fn is_empty(&self) -> bool {
        self.guards.is_empty() && self.ops.is_empty()
    }

    /// Refuses what etcd would refuse, so that every backend accepts the same transactions.
    pub(crate) fn check(&self) -> Result<()> {
        let limit = |what, size, limit| {
            if size > limit {
                Err(StoreError::TooLarge { what, size, limit })
            } else {
                Ok(())
            }
        };
        limit("guards", self.guards.len(), MAX_TXN_OPS)?;
        limit("operations", self.ops.len(), MAX_TXN_OPS)?;
        limit("bytes", self.bytes(), MAX_TXN_BYTES)?;
        for guard in &self.guards {
            if let Guard::Absent(key) | Guard::Present(key) | Guard::At(key, _) = guard
                && key.is_empty()
            {
                return Err(StoreError::EmptyKey);
            }
        }
        let mut written: Vec<&Bytes> = Vec::with_capacity(self.ops.len());
        let mut prefixes: Vec<&Bytes> = Vec::new();
        for op in &self.ops {
            match op {
                Op::Put { key, .. } | Op::Delete { key } => written.push(key),
                Op::DeletePrefix { prefix } => prefixes.push(prefix),
            }
        }
        if written.iter().chain(&prefixes).any(|key| key.is_empty()) {
            return Err(StoreError::EmptyKey);
        }
        written.sort_unstable();
        let twice = written.windows(2).find_map(|pair| match pair {
            [a, b] if a == b => Some(*a),
            _ => None,
        });
        let covered = || {
            written
                .iter()
                .find(|key| prefixes.iter().any(|prefix| key.starts_with(prefix)))
                .copied()
        };
        match twice.or_else(covered) {
            Some(key) => Err(StoreError::DuplicateKey { key: key.clone() }),
            None => Ok(()),
        }
    }

    /// How many bytes its keys and values are.
    pub(crate) fn bytes(&self) -> usize {
        let guards = self.guards.iter().map(|guard| match guard {
            Guard::Absent(key) | Guard::Present(key) | Guard::At(key, _) => key.len(),
            Guard::NoneBelow(prefix) | Guard::Unwritten { prefix, .. } => prefix.len(),
        });
        let ops = self.ops.iter().map(|op| match op {
            Op::Put { key, value, .. } => key.len() + value.len(),
            Op::Delete { key } => key.len(),
            Op::DeletePrefix { prefix } => prefix.len(),
        });
        guards.chain(ops).sum()
    }
}
