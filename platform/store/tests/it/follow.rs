//! Summaries that follow what is written are right whenever they are read.

use crate::on_every_backend;
use roadstead_store::{Count, Entry, Followed, Range, Result, Store, StoreError, Summary, Txn};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

on_every_backend!(
    a_summary_shows_what_was_written_before_it_is_read,
    a_summary_is_right_after_the_store_forgot_what_was_written,
    a_summary_read_among_concurrent_writers_misses_and_doubles_nothing,
    a_summary_that_nobody_asked_for_reads_nothing,
    a_summary_ends_with_its_store,
);

/// All keys with how often each was written.
#[derive(Default)]
struct Rows(BTreeMap<Vec<u8>, u64>);

impl Summary for Rows {
    fn put(&mut self, entry: &Entry, is_new: bool) -> Result<()> {
        let had = self.0.insert(entry.key.to_vec(), entry.modified);
        assert_eq!(had.is_none(), is_new, "{:?}", entry.key);
        Ok(())
    }

    fn delete(&mut self, key: &[u8]) {
        assert!(self.0.remove(key).is_some(), "{key:?} was not there");
    }
}

async fn count(followed: &Followed<Count>) -> usize {
    followed.read(|count| count.0).await.unwrap()
}

async fn a_summary_shows_what_was_written_before_it_is_read(store: Arc<dyn Store>) {
    store.commit(Txn::new().put("k/1", "a").put("l", "a")).await.unwrap();
    let followed = Followed::new(Arc::clone(&store), "k/".into());
    assert_eq!(count(&followed).await, 1);
    store.commit(Txn::new().put("k/2", "a").put("k/1", "b")).await.unwrap();
    store.commit(Txn::new().put("l", "b").put("j", "b")).await.unwrap();
    assert_eq!(count(&followed).await, 2);
    store.commit(Txn::new().delete("k/1").delete("k/3")).await.unwrap();
    assert_eq!(count(&followed).await, 1);
    store.commit(Txn::new().delete_prefix("k/")).await.unwrap();
    assert_eq!(count(&followed).await, 0);
}

async fn a_summary_is_right_after_the_store_forgot_what_was_written(store: Arc<dyn Store>) {
    let followed = Followed::new(Arc::clone(&store), "k/".into());
    assert_eq!(count(&followed).await, 0);
    for number in 0..5 {
        let value = vec![b'x'; 1 << 20];
        store
            .commit(Txn::new().put(format!("k/{number}"), value))
            .await
            .unwrap();
    }
    store.commit(Txn::new().delete("k/0")).await.unwrap();
    followed.keep_up().await.unwrap();
    assert_eq!(count(&followed).await, 4);
}

async fn a_summary_read_among_concurrent_writers_misses_and_doubles_nothing(store: Arc<dyn Store>) {
    // More than one page, and written all over while they are read.
    const KEYS: usize = 2500;
    for some in (0..KEYS).collect::<Vec<_>>().chunks(100) {
        let txn = some
            .iter()
            .fold(Txn::new(), |txn, key| txn.put(format!("k/{key:05}"), ""));
        store.commit(txn).await.unwrap();
    }
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (store, done) = (Arc::clone(&store), Arc::clone(&done));
            tokio::spawn(async move {
                let mut step = writer;
                while !done.load(Ordering::Relaxed) {
                    step += 4;
                    let key = format!("k/{:05}", step * 611 % (KEYS + 100));
                    let txn = if step % 3 == 0 {
                        Txn::new().delete(key)
                    } else {
                        Txn::new().put(key, "")
                    };
                    store.commit(txn).await.unwrap();
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for _ in 0..20 {
        let followed = Followed::<Rows>::new(Arc::clone(&store), "k/".into());
        followed.read(|_| ()).await.unwrap();
        tokio::task::yield_now().await;
        all.push(followed);
    }
    done.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    let (entries, _) = store.range(Range::prefix("k/")).await.unwrap();
    let expected: BTreeMap<_, _> = entries
        .into_iter()
        .map(|entry| (entry.key.to_vec(), entry.modified))
        .collect();
    for followed in all {
        assert_eq!(followed.read(|rows| rows.0.clone()).await.unwrap(), expected);
    }
}

async fn a_summary_that_nobody_asked_for_reads_nothing(store: Arc<dyn Store>) {
    /// Panics when it is made.
    struct Never;
    impl Default for Never {
        fn default() -> Self {
            panic!("it was made")
        }
    }
    impl Summary for Never {
        fn put(&mut self, _: &Entry, _: bool) -> Result<()> {
            Ok(())
        }
        fn delete(&mut self, _: &[u8]) {}
    }
    store.commit(Txn::new().put("k", "")).await.unwrap();
    Followed::<Never>::new(store, "k".into()).keep_up().await.unwrap();
}

async fn a_summary_ends_with_its_store(store: Arc<dyn Store>) {
    let followed = Followed::<Count>::new(Arc::clone(&store), "k/".into());
    assert_eq!(count(&followed).await, 0);
    store.close().await.unwrap();
    assert!(matches!(followed.read(|_| ()).await, Err(StoreError::Closed)));
}
