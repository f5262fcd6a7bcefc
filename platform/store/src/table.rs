//! Typed tables: records of one kind, found by account, region and id.

use crate::key::{KeyParts, record_key, record_prefix, scope_end};
use crate::record::{decode, encode};
use crate::{
    Entry, Guard, LeaseId, Op, Range, Record, Result, Revision, Scope, Store, StoreError, Txn, Versioned, Watch,
};
use bytes::Bytes;
use std::marker::PhantomData;
use std::sync::Arc;

/// How often [`Table::update`] reads again after losing a race.
const MAX_RETRIES: usize = 32;

/// The records of one kind.
///
/// An id is a list of components, such as `&["default"]` or `&["web", &ordered(7)]`; records sort by it.
pub struct Table<R> {
    store: Arc<dyn Store>,
    record: PhantomData<fn() -> R>,
}

impl<R> Clone for Table<R> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            record: PhantomData,
        }
    }
}

/// Some records in order.
#[derive(Clone, Debug)]
pub struct Page<R> {
    /// The records.
    pub records: Vec<Versioned<R>>,
    /// Whether there are more after these.
    pub more: bool,
    /// The revision the page shows; watch from here to see what changes.
    pub revision: Revision,
}

#[expect(
    clippy::unused_self,
    reason = "`tasks.stage_put(&mut txn, …)` names the table by the value at hand"
)]
impl<R: Record> Table<R> {
    /// The table within a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            record: PhantomData,
        }
    }

    /// The store the table is in, to commit what was staged.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The key of a record.
    pub fn key(scope: Scope<'_>, id: &[&str]) -> Bytes {
        record_key(scope, R::TABLE, id)
    }

    /// What the keys of all records below an id begin with; of the whole scope for an empty id.
    pub fn prefix(scope: Scope<'_>, id: &[&str]) -> Bytes {
        record_prefix(scope, R::TABLE, id)
    }

    /// The parts of a key, if it is one of this table.
    pub fn parse_key(key: &[u8]) -> Option<KeyParts> {
        KeyParts::parse(key).filter(|parts| parts.table == R::TABLE)
    }

    /// Reads a stored entry as a record.
    pub fn decode(entry: Entry) -> Result<Versioned<R>> {
        let record = decode(&entry.key, &entry.value)?;
        Ok(Versioned {
            key: entry.key,
            record,
            created: entry.created,
            revision: entry.modified,
        })
    }

    /// Reads a record.
    pub async fn get(&self, scope: Scope<'_>, id: &[&str]) -> Result<Option<Versioned<R>>> {
        let key = Self::key(scope, id);
        self.store.get(&key).await?.map(Self::decode).transpose()
    }

    /// Adds a record, or answers `Conflict` where there is one.
    pub async fn put_new(&self, scope: Scope<'_>, id: &[&str], record: &R) -> Result<Revision> {
        let mut txn = Txn::new();
        self.stage_new(&mut txn, scope, id, record)?;
        self.store.commit(txn).await
    }

    /// Writes a record whether or not there is one. The last writer wins; prefer `replace` or `update`.
    pub async fn put(&self, scope: Scope<'_>, id: &[&str], record: &R) -> Result<Revision> {
        let mut txn = Txn::new();
        self.stage_put(&mut txn, scope, id, record)?;
        self.store.commit(txn).await
    }

    /// Replaces the record that was read at a revision, or answers `Conflict` where it changed since.
    pub async fn replace(&self, scope: Scope<'_>, id: &[&str], at: Revision, record: &R) -> Result<Revision> {
        let mut txn = Txn::new();
        self.stage_replace(&mut txn, scope, id, at, record)?;
        self.store.commit(txn).await
    }

    /// Deletes the record that was read at a revision, or answers `Conflict` where it changed since.
    pub async fn delete(&self, scope: Scope<'_>, id: &[&str], at: Revision) -> Result<Revision> {
        let mut txn = Txn::new();
        self.stage_delete(&mut txn, scope, id, at);
        self.store.commit(txn).await
    }

    /// Reads, changes and replaces a record, again when somebody else was faster; `None` where there is no record.
    ///
    /// `change` may run several times. Its error ends the update and nothing is written.
    pub async fn update<E: From<StoreError>>(
        &self,
        scope: Scope<'_>,
        id: &[&str],
        mut change: impl FnMut(&mut R) -> std::result::Result<(), E>,
    ) -> std::result::Result<Option<Versioned<R>>, E> {
        let mut retries = 0;
        loop {
            let Some(mut found) = self.get(scope, id).await? else {
                return Ok(None);
            };
            change(&mut found.record)?;
            match self.replace(scope, id, found.revision, &found.record).await {
                Ok(revision) => return Ok(Some(Versioned { revision, ..found })),
                Err(StoreError::Conflict { .. }) if retries < MAX_RETRIES => retries += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Lists records in the order of their ids: those below `below`, after the id `after`, at most `limit`.
    ///
    /// `after` is a whole id, such as that of the last record seen, and need not exist any more.
    pub async fn list(
        &self,
        scope: Scope<'_>,
        below: &[&str],
        after: Option<&[&str]>,
        limit: usize,
    ) -> Result<Page<R>> {
        let mut range = Range::prefix(Self::prefix(scope, below)).limit(limit.saturating_add(1));
        if let Some(after) = after {
            range = range.after(&Self::key(scope, after));
        }
        self.page(range, limit).await
    }

    /// Lists records from the last to the first: those below `below`, before the id `before`, at most `limit`.
    pub async fn list_back(
        &self,
        scope: Scope<'_>,
        below: &[&str],
        before: Option<&[&str]>,
        limit: usize,
    ) -> Result<Page<R>> {
        let mut range = Range::prefix(Self::prefix(scope, below))
            .limit(limit.saturating_add(1))
            .reverse();
        if let Some(before) = before {
            range = range.before(Self::key(scope, before));
        }
        self.page(range, limit).await
    }

    async fn page(&self, range: Range, limit: usize) -> Result<Page<R>> {
        let (mut entries, revision) = self.store.range(range).await?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let records = entries.into_iter().map(Self::decode).collect::<Result<_>>()?;
        Ok(Page {
            records,
            more,
            revision,
        })
    }

    /// Lists all records of a scope.
    pub async fn list_all(&self, scope: Scope<'_>) -> Result<Vec<Versioned<R>>> {
        Ok(self.list(scope, &[], None, usize::MAX).await?.records)
    }

    /// Watches the records below an id (all of the scope for an empty one) that change after a revision.
    pub fn watch(&self, scope: Scope<'_>, below: &[&str], after: Revision) -> Watch {
        self.store.watch(Self::prefix(scope, below), after)
    }

    /// Adds to a transaction: there is no such record, then this one is.
    pub fn stage_new(&self, txn: &mut Txn, scope: Scope<'_>, id: &[&str], record: &R) -> Result<()> {
        let key = Self::key(scope, id);
        txn.push_guard(Guard::Absent(key.clone()));
        txn.push(Op::Put {
            key,
            value: encode(record)?,
            lease: None,
        });
        Ok(())
    }

    /// Adds to a transaction: this record is written, whatever was there.
    pub fn stage_put(&self, txn: &mut Txn, scope: Scope<'_>, id: &[&str], record: &R) -> Result<()> {
        txn.push(Op::Put {
            key: Self::key(scope, id),
            value: encode(record)?,
            lease: None,
        });
        Ok(())
    }

    /// Adds to a transaction: this record is written and ends with the lease.
    pub fn stage_leased(&self, txn: &mut Txn, scope: Scope<'_>, id: &[&str], record: &R, lease: LeaseId) -> Result<()> {
        txn.push(Op::Put {
            key: Self::key(scope, id),
            value: encode(record)?,
            lease: Some(lease),
        });
        Ok(())
    }

    /// Adds to a transaction: the record is still the one of this revision, and is replaced.
    pub fn stage_replace(&self, txn: &mut Txn, scope: Scope<'_>, id: &[&str], at: Revision, record: &R) -> Result<()> {
        let key = Self::key(scope, id);
        txn.push_guard(Guard::At(key.clone(), at));
        txn.push(Op::Put {
            key,
            value: encode(record)?,
            lease: None,
        });
        Ok(())
    }

    /// Adds to a transaction: the record is still the one of this revision, and is deleted.
    pub fn stage_delete(&self, txn: &mut Txn, scope: Scope<'_>, id: &[&str], at: Revision) {
        let key = Self::key(scope, id);
        txn.push_guard(Guard::At(key.clone(), at));
        txn.push(Op::Delete { key });
    }

    /// Adds to a transaction: there is such a record.
    pub fn require(&self, txn: &mut Txn, scope: Scope<'_>, id: &[&str]) {
        txn.push_guard(Guard::Present(Self::key(scope, id)));
    }

    /// Adds to a transaction: the record is still the one of this revision.
    pub fn require_at(&self, txn: &mut Txn, scope: Scope<'_>, id: &[&str], at: Revision) {
        txn.push_guard(Guard::At(Self::key(scope, id), at));
    }

    /// Adds to a transaction: there is no record below this id (none in the scope for an empty one).
    pub fn require_none(&self, txn: &mut Txn, scope: Scope<'_>, below: &[&str]) {
        txn.push_guard(Guard::NoneBelow(Self::prefix(scope, below)));
    }
}

/// The accounts and regions that have any record, in order. Costs one seek for each.
pub async fn scopes(store: &dyn Store) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut range = Range::all();
    loop {
        let (entries, _) = store.range(range.limit(1)).await?;
        let Some(entry) = entries.first() else { return Ok(found) };
        range = match KeyParts::parse(&entry.key) {
            Some(parts) => {
                let start = scope_end(parts.scope());
                found.push((parts.account, parts.region));
                Range { start, ..Range::all() }
            }
            None => Range::all().after(&entry.key),
        };
    }
}
