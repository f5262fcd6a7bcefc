//! The embedded store on a disk that fails: nothing acknowledged is lost, and the operator is told.

use super::directory::open_backend;
use super::layout::initialize;
use super::{Embedded, Store};
use crate::{Result, StoreError, Txn};
use redb::StorageBackend;
use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex};

/// A disk in memory: what was written, what of it is safe, and how much longer it works.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    written: Vec<u8>,
    safe: Vec<u8>,
    /// How many writes and syncs succeed before all fail; `None` for all.
    left: Option<u32>,
    failure: Option<ErrorKind>,
}

impl Disk {
    fn holding(bytes: Vec<u8>) -> Self {
        let platter = Platter {
            safe: bytes.clone(),
            written: bytes,
            left: None,
            failure: None,
        };
        Self(Arc::new(Mutex::new(platter)))
    }

    fn fail_after(&self, steps: u32, failure: ErrorKind) {
        let mut platter = self.0.lock().unwrap();
        (platter.left, platter.failure) = (Some(steps), Some(failure));
    }

    fn store(&self) -> Result<Embedded> {
        Embedded::start(open_backend(self.clone(), "opening the disk")?, None)
    }
}

impl Platter {
    fn work(&mut self) -> std::io::Result<()> {
        match &mut self.left {
            Some(0) => Err(Error::from(self.failure.unwrap_or(ErrorKind::Other))),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.0.lock().unwrap().written.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        let platter = self.0.lock().unwrap();
        let found = platter.written.get(start..start + out.len());
        out.copy_from_slice(found.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        platter.work()?;
        platter.written.resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> std::io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        platter.work()?;
        platter.safe = platter.written.clone();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        platter.work()?;
        let start = usize::try_from(offset).unwrap();
        platter.written[start..start + data.len()].copy_from_slice(data);
        Ok(())
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn value(number: u32) -> Vec<u8> {
    format!("{number};").bytes().cycle().take(700).collect()
}

/// A disk with an empty store.
fn new_disk() -> Vec<u8> {
    let disk = Disk::default();
    initialize(&open_backend(disk.clone(), "creating").unwrap()).unwrap();
    let platter = disk.0.lock().unwrap();
    platter.safe.clone()
}

/// Commits until the disk fails; returns how many were acknowledged, and the failure.
async fn write_until_failure(store: &Embedded) -> (u32, StoreError) {
    for number in 0.. {
        let txn = Txn::new()
            .put(format!("record/{number}"), value(number))
            .put(format!("index/{number}"), value(number));
        if let Err(error) = store.commit(txn).await {
            return (number, error);
        }
    }
    unreachable!()
}

/// Expects all that was acknowledged, and nothing in part.
async fn expect_whole(store: &Embedded, acknowledged: u32, context: &str) {
    for number in 0..acknowledged + 2 {
        let record = store.get(format!("record/{number}").as_bytes()).await.unwrap();
        let index = store.get(format!("index/{number}").as_bytes()).await.unwrap();
        assert_eq!(record.is_some(), index.is_some(), "{context}: {number} is torn");
        assert!(
            record.is_some() || number >= acknowledged,
            "{context}: {number} is lost"
        );
        for entry in record.into_iter().chain(index) {
            assert_eq!(entry.value, value(number), "{context}");
        }
    }
    assert!(store.revision().await.unwrap() >= u64::from(acknowledged), "{context}");
}

fn check(failure: ErrorKind, is_expected: fn(&StoreError) -> bool) {
    let new = new_disk();
    let mut most = 0;
    for steps in (0..160).step_by(3) {
        let disk = Disk::holding(new.clone());
        let store = disk.store().unwrap();
        disk.fail_after(steps, failure);
        block_on(async {
            let context = format!("{failure:?} after {steps} steps");
            let (acknowledged, error) = write_until_failure(&store).await;
            assert!(is_expected(&error), "{context}: {error:?}");
            let later = store.commit(Txn::new().put("later", "")).await.unwrap_err();
            assert!(
                matches!(&later, StoreError::Stopped { cause } if is_expected(cause)),
                "{context}: {later:?}"
            );
            assert!(
                later
                    .to_string()
                    .starts_with("the store takes no more writes since one failed: writing the store")
            );
            assert!(is_expected(&store.stopped().await), "{context}");
            drop(store);
            let (safe, written) = {
                let platter = disk.0.lock().unwrap();
                (platter.safe.clone(), platter.written.clone())
            };
            // What is on the disk after a power failure at this moment, and after the process ended.
            for (name, bytes) in [("safe", safe), ("written", written)] {
                let store = Disk::holding(bytes).store().unwrap();
                expect_whole(&store, acknowledged, &format!("{context}, {name}")).await;
                store.commit(Txn::new().put("later", "")).await.unwrap();
            }
            most = most.max(acknowledged);
        });
    }
    assert!(most > 10, "the disk failed too early to tell: {most}");
}

#[test]
fn a_full_disk_stops_the_store_and_loses_nothing_acknowledged() {
    check(ErrorKind::StorageFull, |error| matches!(error, StoreError::Full { .. }));
}

#[test]
fn a_failing_disk_stops_the_store_and_loses_nothing_acknowledged() {
    check(ErrorKind::Other, |error| matches!(error, StoreError::Io { .. }));
}

#[test]
fn what_was_written_but_not_synced_may_be_lost_only_unacknowledged() {
    let disk = Disk::holding(new_disk());
    let store = disk.store().unwrap();
    block_on(async {
        for number in 0..30 {
            let txn = Txn::new()
                .put(format!("record/{number}"), value(number))
                .put(format!("index/{number}"), value(number));
            store.commit(txn).await.unwrap();
            // The power fails right after the acknowledgement.
            let safe = disk.0.lock().unwrap().safe.clone();
            expect_whole(
                &Disk::holding(safe).store().unwrap(),
                number + 1,
                "after a power failure",
            )
            .await;
        }
    });
}
