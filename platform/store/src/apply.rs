//! What a transaction means, once for all backends that keep the rows themselves.

use crate::{Change, Entry, Events, Guard, LeaseId, Op, Range, Result, Revision, StoreError, Txn};
use bytes::Bytes;
use std::time::Duration;

/// What is stored beside a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub created: Revision,
    pub modified: Revision,
    pub lease: Option<LeaseId>,
}

/// The rows of a backend while it applies transactions, one at a time.
pub(crate) trait Rows {
    /// The head of a row.
    fn head(&self, key: &[u8]) -> Result<Option<Head>>;
    /// The first row in key order that `wanted` accepts.
    fn find(&self, range: &Range, wanted: &mut dyn FnMut(&[u8], Head) -> bool) -> Result<Option<Bytes>>;
    /// Writes a row.
    fn put(&mut self, key: &Bytes, value: &Bytes, head: Head) -> Result<()>;
    /// Deletes a row that exists.
    fn delete(&mut self, key: &[u8]) -> Result<()>;

    /// Tells whether a lease was granted and not revoked.
    fn has_lease(&self, lease: LeaseId) -> Result<bool>;
    /// Takes note of a new lease and names it.
    fn add_lease(&mut self, ttl: Duration) -> Result<LeaseId>;
    /// Forgets a lease that has no keys.
    fn drop_lease(&mut self, lease: LeaseId) -> Result<()>;
    /// Ties a key to a lease.
    fn attach(&mut self, lease: LeaseId, key: &Bytes) -> Result<()>;
    /// Unties a key from a lease.
    fn detach(&mut self, lease: LeaseId, key: &[u8]) -> Result<()>;
    /// The keys tied to a lease, in order.
    fn attached(&self, lease: LeaseId) -> Result<Vec<Bytes>>;
}

/// Applies a transaction that [`Txn::check`] accepted; `None` when nothing changed.
///
/// INVARIANT: before an error `Conflict` or `LeaseNotFound` nothing was written; after any other the rows are unusable.
pub(crate) fn apply(rows: &mut impl Rows, txn: &Txn, revision: Revision) -> Result<Option<Events>> {
    let mut known = Known::default();
    for guard in txn.guards() {
        if let Some(key) = known.broken(rows, guard)? {
            return Err(StoreError::Conflict { key });
        }
    }
    for op in txn.ops() {
        if let Op::Put { lease: Some(lease), .. } = op
            && !rows.has_lease(*lease)?
        {
            return Err(StoreError::LeaseNotFound { lease: *lease });
        }
    }
    let mut changes = Vec::with_capacity(txn.ops().len());
    for op in txn.ops() {
        match op {
            Op::Put { key, value, lease } => {
                let old = known.head(rows, key)?;
                changes.push(put(rows, old, key, value, *lease, revision)?);
            }
            Op::Delete { key } => {
                let old = known.head(rows, key)?;
                changes.extend(delete(rows, old, key)?);
            }
            Op::DeletePrefix { prefix } => {
                let mut found = Vec::new();
                rows.find(&Range::prefix(prefix.clone()), &mut |key, head| {
                    found.push((Bytes::copy_from_slice(key), head));
                    false
                })?;
                for (key, head) in found {
                    changes.extend(delete(rows, Some(head), &key)?);
                }
            }
        }
    }
    Ok((!changes.is_empty()).then_some(Events { revision, changes }))
}

/// Ends a lease and deletes its keys; `None` when it had none.
pub(crate) fn revoke(rows: &mut impl Rows, lease: LeaseId, revision: Revision) -> Result<Option<Events>> {
    if !rows.has_lease(lease)? {
        return Err(StoreError::LeaseNotFound { lease });
    }
    let mut changes = Vec::new();
    for key in rows.attached(lease)? {
        let head = rows.head(&key)?;
        changes.extend(delete(rows, head, &key)?);
    }
    rows.drop_lease(lease)?;
    Ok((!changes.is_empty()).then_some(Events { revision, changes }))
}

/// The heads that the guards read, so that the operations need not look again.
///
/// A head stays right until its own operation, because a transaction writes a key only once.
#[derive(Default)]
struct Known<'txn>(Vec<(&'txn Bytes, Option<Head>)>);

impl<'txn> Known<'txn> {
    fn head(&self, rows: &impl Rows, key: &Bytes) -> Result<Option<Head>> {
        match self.0.iter().find(|(known, _)| *known == key) {
            Some((_, head)) => Ok(*head),
            None => rows.head(key),
        }
    }

    fn look(&mut self, rows: &impl Rows, key: &'txn Bytes) -> Result<Option<Head>> {
        let head = rows.head(key)?;
        self.0.push((key, head));
        Ok(head)
    }

    /// The key that breaks a guard.
    fn broken(&mut self, rows: &impl Rows, guard: &'txn Guard) -> Result<Option<Bytes>> {
        Ok(match guard {
            Guard::Absent(key) => self.look(rows, key)?.is_some().then(|| key.clone()),
            Guard::Present(key) => self.look(rows, key)?.is_none().then(|| key.clone()),
            Guard::At(key, revision) => self
                .look(rows, key)?
                .is_none_or(|head| head.modified != *revision)
                .then(|| key.clone()),
            Guard::NoneBelow(prefix) => rows.find(&Range::prefix(prefix.clone()), &mut |_, _| true)?,
            Guard::Unwritten { prefix, since } => {
                rows.find(&Range::prefix(prefix.clone()), &mut |_, head| head.modified > *since)?
            }
        })
    }
}

fn put(
    rows: &mut impl Rows,
    old: Option<Head>,
    key: &Bytes,
    value: &Bytes,
    lease: Option<LeaseId>,
    revision: Revision,
) -> Result<Change> {
    let old_lease = old.and_then(|head| head.lease);
    if old_lease != lease {
        if let Some(old_lease) = old_lease {
            rows.detach(old_lease, key)?;
        }
        if let Some(lease) = lease {
            rows.attach(lease, key)?;
        }
    }
    let created = old.map_or(revision, |head| head.created);
    rows.put(
        key,
        value,
        Head {
            created,
            modified: revision,
            lease,
        },
    )?;
    Ok(Change::Put(Entry {
        key: key.clone(),
        value: value.clone(),
        created,
        modified: revision,
    }))
}

fn delete(rows: &mut impl Rows, old: Option<Head>, key: &Bytes) -> Result<Option<Change>> {
    let Some(head) = old else { return Ok(None) };
    if let Some(lease) = head.lease {
        rows.detach(lease, key)?;
    }
    rows.delete(key)?;
    Ok(Some(Change::Delete { key: key.clone() }))
}
