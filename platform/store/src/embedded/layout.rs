//! What is in the file: four tables, and how a row is written down.

use super::row;
use crate::apply::{Head, Rows};
use crate::memory::bounds;
use crate::{Entry, LeaseId, Range, Result, Revision, StoreError};
use bytes::Bytes;
use redb::{
    Database, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, Table, TableDefinition, WriteTransaction,
};
use std::cell::RefCell;
use std::time::Duration;

/// Key → head and value.
pub(super) const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");
/// Lease → its time in milliseconds.
const LEASES: TableDefinition<'_, u64, u64> = TableDefinition::new("leases");
/// The keys of each lease.
const LEASED: TableDefinition<'_, (u64, &[u8]), ()> = TableDefinition::new("leased");
/// The counters, and the version of this layout.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

const FORMAT: &str = "format";
const REVISION: &str = "revision";
const LAST_LEASE: &str = "last lease";
/// The version of this layout.
const CURRENT_FORMAT: u64 = 1;

/// The rows as of one revision.
pub(super) type Entries = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// Puts an error of redb in our words.
pub(super) fn fault(context: impl Into<String>, error: impl Into<redb::Error>) -> StoreError {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    let context = context.into();
    match error.into() {
        redb::Error::Io(error) if matches!(error.kind(), InvalidData | UnexpectedEof) => StoreError::Corrupt {
            context: format!("{context}: it is damaged or not a store: {error}"),
        },
        redb::Error::Io(error) => StoreError::io(context, error),
        redb::Error::Corrupted(problem) => StoreError::Corrupt {
            context: format!("{context}: it is damaged: {problem}"),
        },
        error @ (redb::Error::UpgradeRequired(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableDoesNotExist(_)) => StoreError::Corrupt {
            context: format!("{context}: it was not written by this version: {error}"),
        },
        error => StoreError::io(context, std::io::Error::other(error)),
    }
}

/// Writes the tables of an empty store.
pub(super) fn initialize(database: &Database) -> Result<()> {
    let failed = "creating the store";
    let write = begin(database)?;
    {
        write.open_table(ENTRIES).map_err(|error| fault(failed, error))?;
        write.open_table(LEASES).map_err(|error| fault(failed, error))?;
        write.open_table(LEASED).map_err(|error| fault(failed, error))?;
        let mut meta = write.open_table(META).map_err(|error| fault(failed, error))?;
        for (name, value) in [(FORMAT, CURRENT_FORMAT), (REVISION, 0), (LAST_LEASE, 0)] {
            meta.insert(name, value).map_err(|error| fault(failed, error))?;
        }
    }
    write.commit().map_err(|error| fault(failed, error))
}

/// The revision and the leases of a store that was opened.
pub(super) fn read_state(database: &Database) -> Result<(Revision, Vec<(LeaseId, Duration)>)> {
    let failed = "reading the store";
    let read = database.begin_read().map_err(|error| fault(failed, error))?;
    let meta = read.open_table(META).map_err(|error| fault(failed, error))?;
    let number = |name: &str| -> Result<u64> {
        let number = meta.get(name).map_err(|error| fault(failed, error))?;
        number.map(|number| number.value()).ok_or_else(|| StoreError::Corrupt {
            context: format!("{failed}: its {name} is missing"),
        })
    };
    let format = number(FORMAT)?;
    if format != CURRENT_FORMAT {
        return Err(StoreError::Corrupt {
            context: format!("{failed}: its format is {format}, this version knows {CURRENT_FORMAT}"),
        });
    }
    let leases = read.open_table(LEASES).map_err(|error| fault(failed, error))?;
    let mut found = Vec::new();
    for lease in leases.iter().map_err(|error| fault(failed, error))? {
        let (lease, ttl) = lease.map_err(|error| fault(failed, error))?;
        found.push((LeaseId(lease.value()), Duration::from_millis(ttl.value())));
    }
    Ok((number(REVISION)?, found))
}

/// Reads one row.
pub(super) fn get(entries: &Entries, key: &[u8]) -> Result<Option<Entry>> {
    match entries.get(key).map_err(reading)? {
        Some(stored) => entry(key, stored.value()).map(Some),
        None => Ok(None),
    }
}

/// Reads rows in order.
pub(super) fn list(entries: &Entries, range: &Range) -> Result<Vec<Entry>> {
    if range.is_void() {
        return Ok(Vec::new());
    }
    let limit = range.limit.unwrap_or(usize::MAX);
    let mut rows = entries.range::<&[u8]>(bounds(range)).map_err(reading)?;
    let mut found = Vec::new();
    while found.len() < limit {
        let next = if range.reverse { rows.next_back() } else { rows.next() };
        let Some(row) = next else { break };
        let (key, stored) = row.map_err(reading)?;
        found.push(entry(key.value(), stored.value())?);
    }
    Ok(found)
}

fn reading(error: redb::StorageError) -> StoreError {
    fault("reading the store", error)
}

fn writing(error: impl Into<redb::Error>) -> StoreError {
    fault("writing the store", error)
}

fn entry(key: &[u8], stored: &[u8]) -> Result<Entry> {
    let (head, value) = unpack(stored)?;
    Ok(Entry {
        key: Bytes::copy_from_slice(key),
        value: Bytes::copy_from_slice(value),
        created: head.created,
        modified: head.modified,
    })
}

fn unpack(stored: &[u8]) -> Result<(Head, &[u8])> {
    row::unpack(stored).ok_or_else(|| StoreError::Corrupt {
        context: "reading the store: a row is damaged".into(),
    })
}

/// Begins a durable transaction of the file.
fn begin(database: &Database) -> Result<WriteTransaction> {
    let mut write = database.begin_write().map_err(writing)?;
    write.set_durability(Durability::Immediate).map_err(writing)?;
    // redb's quick repair would make start-up after a crash instant instead of about 60 ms for 100,000 records, and
    // costs a fifth of all commits (measured with the benches `kill9` and `commits`).
    write.set_quick_repair(false);
    Ok(write)
}

/// One transaction of the file, which holds many of ours.
pub(super) struct Batch(WriteTransaction);

impl Batch {
    pub(super) fn begin(database: &Database) -> Result<Self> {
        begin(database).map(Self)
    }

    pub(super) fn tables(&self) -> Result<Tables<'_>> {
        Ok(Tables {
            write: &self.0,
            entries: self.0.open_table(ENTRIES).map_err(writing)?,
            leases: RefCell::default(),
        })
    }

    /// Makes everything durable.
    pub(super) fn commit(self) -> Result<()> {
        self.0.commit().map_err(writing)
    }

    /// Forgets everything.
    pub(super) fn abort(self) -> Result<()> {
        self.0.abort().map_err(writing)
    }
}

/// The tables while they are being written.
pub(super) struct Tables<'txn> {
    write: &'txn WriteTransaction,
    entries: Table<'txn, &'static [u8], &'static [u8]>,
    /// Opened when first used: most batches need no lease.
    leases: RefCell<Option<LeaseTables<'txn>>>,
}

struct LeaseTables<'txn> {
    leases: Table<'txn, u64, u64>,
    leased: Table<'txn, (u64, &'static [u8]), ()>,
}

impl<'txn> Tables<'txn> {
    /// Writes down the revision that the batch reached.
    pub(super) fn set_revision(&self, revision: Revision) -> Result<()> {
        self.write
            .open_table(META)
            .map_err(writing)?
            .insert(REVISION, revision)
            .map_err(writing)?;
        Ok(())
    }

    fn with_leases<T>(&self, act: impl FnOnce(&mut LeaseTables<'txn>) -> Result<T>) -> Result<T> {
        let mut open = self.leases.borrow_mut();
        if open.is_none() {
            *open = Some(LeaseTables {
                leases: self.write.open_table(LEASES).map_err(writing)?,
                leased: self.write.open_table(LEASED).map_err(writing)?,
            });
        }
        match open.as_mut() {
            Some(tables) => act(tables),
            None => Err(StoreError::Closed),
        }
    }
}

impl Rows for Tables<'_> {
    fn head(&self, key: &[u8]) -> Result<Option<Head>> {
        match self.entries.get(key).map_err(reading)? {
            Some(stored) => Ok(Some(unpack(stored.value())?.0)),
            None => Ok(None),
        }
    }

    fn find(&self, range: &Range, wanted: &mut dyn FnMut(&[u8], Head) -> bool) -> Result<Option<Bytes>> {
        if range.is_void() {
            return Ok(None);
        }
        for row in self.entries.range::<&[u8]>(bounds(range)).map_err(reading)? {
            let (key, stored) = row.map_err(reading)?;
            if wanted(key.value(), unpack(stored.value())?.0) {
                return Ok(Some(Bytes::copy_from_slice(key.value())));
            }
        }
        Ok(None)
    }

    fn put(&mut self, key: &Bytes, value: &Bytes, head: Head) -> Result<()> {
        let packed = row::Packed::new(head);
        let packed = packed.as_slice();
        let mut stored = self
            .entries
            .insert_reserve(key.as_ref(), packed.len() + value.len())
            .map_err(writing)?;
        if let Some((room, rest)) = stored.as_mut().split_at_mut_checked(packed.len()) {
            room.copy_from_slice(packed);
            rest.copy_from_slice(value);
        }
        Ok(())
    }

    fn delete(&mut self, key: &[u8]) -> Result<()> {
        self.entries.remove(key).map_err(writing)?;
        Ok(())
    }

    fn has_lease(&self, lease: LeaseId) -> Result<bool> {
        self.with_leases(|tables| Ok(tables.leases.get(lease.0).map_err(reading)?.is_some()))
    }

    fn add_lease(&mut self, ttl: Duration) -> Result<LeaseId> {
        let mut meta = self.write.open_table(META).map_err(writing)?;
        let last = meta.get(LAST_LEASE).map_err(reading)?.map_or(0, |last| last.value());
        let lease = last + 1;
        meta.insert(LAST_LEASE, lease).map_err(writing)?;
        let milliseconds = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        self.with_leases(|tables| {
            tables.leases.insert(lease, milliseconds).map_err(writing)?;
            Ok(LeaseId(lease))
        })
    }

    fn drop_lease(&mut self, lease: LeaseId) -> Result<()> {
        self.with_leases(|tables| {
            tables.leases.remove(lease.0).map_err(writing)?;
            Ok(())
        })
    }

    fn attach(&mut self, lease: LeaseId, key: &Bytes) -> Result<()> {
        self.with_leases(|tables| {
            tables.leased.insert((lease.0, key.as_ref()), ()).map_err(writing)?;
            Ok(())
        })
    }

    fn detach(&mut self, lease: LeaseId, key: &[u8]) -> Result<()> {
        self.with_leases(|tables| {
            tables.leased.remove((lease.0, key)).map_err(writing)?;
            Ok(())
        })
    }

    fn attached(&self, lease: LeaseId) -> Result<Vec<Bytes>> {
        self.with_leases(|tables| {
            let from: (u64, &[u8]) = (lease.0, &[]);
            let mut keys = Vec::new();
            for row in tables.leased.range(from..).map_err(reading)? {
                let (found, ()) = row.map(|(key, value)| (key, value.value())).map_err(reading)?;
                let (id, key) = found.value();
                if id != lease.0 {
                    break;
                }
                keys.push(Bytes::copy_from_slice(key));
            }
            Ok(keys)
        })
    }
}
