//! Watches see everything after their revision exactly once, in order, however many write.

use crate::on_every_backend;
use roadstead_store::{Change, Range, Revision, Store, StoreError, Txn, Watch};
use std::collections::BTreeMap;
use std::sync::Arc;

on_every_backend!(
    a_watch_sees_what_comes_after_its_revision,
    a_watch_sees_only_its_prefix_and_whole_transactions,
    a_watch_waits_for_what_is_not_there_yet,
    reading_then_watching_misses_nothing_under_concurrent_writers,
    losing_a_race_loses_no_event,
    a_watch_that_is_too_far_behind_is_told_to_read_again,
    a_watch_ends_with_its_store,
);

/// The next transaction as text: `3: +a=1 -b`.
async fn next(watch: &mut Watch) -> String {
    let events = watch.next().await.unwrap();
    let changes: Vec<String> = events
        .changes
        .iter()
        .map(|change| show(change, events.revision))
        .collect();
    format!("{}: {}", events.revision, changes.join(" "))
}

fn show(change: &Change, revision: Revision) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    match change {
        Change::Put(entry) => {
            assert_eq!(entry.modified, revision);
            format!("+{}={}", text(&entry.key), text(&entry.value))
        }
        Change::Delete { key } => format!("-{}", text(key)),
    }
}

async fn a_watch_sees_what_comes_after_its_revision(store: Arc<dyn Store>) {
    for value in ["1", "2", "3"] {
        store.commit(Txn::new().put("a", value)).await.unwrap();
    }
    let mut all = store.watch("".into(), 0);
    let mut late = store.watch("".into(), 2);
    assert_eq!(next(&mut all).await, "1: +a=1");
    assert_eq!(next(&mut all).await, "2: +a=2");
    assert_eq!(next(&mut late).await, "3: +a=3");
}

async fn a_watch_sees_only_its_prefix_and_whole_transactions(store: Arc<dyn Store>) {
    store
        .commit(Txn::new().put("b/1", "x").put("a", "x").put("b/2", "x"))
        .await
        .unwrap();
    store.commit(Txn::new().put("a", "y")).await.unwrap();
    store
        .commit(Txn::new().delete_prefix("b/").delete("a").put("c", ""))
        .await
        .unwrap();
    let mut watch = store.watch("b/".into(), 0);
    assert_eq!(next(&mut watch).await, "1: +b/1=x +b/2=x");
    assert_eq!(next(&mut watch).await, "3: -b/1 -b/2");
}

async fn a_watch_waits_for_what_is_not_there_yet(store: Arc<dyn Store>) {
    let mut watch = store.watch("a".into(), 0);
    let waiting = tokio::spawn(async move { next(&mut watch).await });
    tokio::task::yield_now().await;
    store.commit(Txn::new().put("b", "1")).await.unwrap();
    store.commit(Txn::new().put("a", "1")).await.unwrap();
    assert_eq!(waiting.await.unwrap(), "2: +a=1");
}

async fn reading_then_watching_misses_nothing_under_concurrent_writers(store: Arc<dyn Store>) {
    const WRITERS: u64 = 8;
    const STEPS: u64 = 50;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for step in 0..STEPS {
                    let key = format!("k/{}", (writer * 7 + step) % 10);
                    let txn = if step % 5 == 4 {
                        Txn::new().delete(key)
                    } else {
                        Txn::new().put(key, step.to_string())
                    };
                    store
                        .commit(txn.put(format!("done/{writer}"), step.to_string()))
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    let followers: Vec<_> = (0..4)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                tokio::task::yield_now().await;
                let (entries, mut revision) = store.range(Range::all()).await.unwrap();
                let mut seen: BTreeMap<_, _> = entries.into_iter().map(|entry| (entry.key.clone(), entry)).collect();
                let mut watch = store.watch("".into(), revision);
                while revision < WRITERS * STEPS {
                    let events = watch.next().await.unwrap();
                    assert_eq!(events.revision, revision + 1, "a gap");
                    revision = events.revision;
                    for change in events.changes {
                        match change {
                            Change::Put(entry) => seen.insert(entry.key.clone(), entry),
                            Change::Delete { key } => seen.remove(&key),
                        };
                    }
                }
                seen.into_values().collect::<Vec<_>>()
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let (expected, revision) = store.range(Range::all()).await.unwrap();
    assert_eq!(revision, WRITERS * STEPS);
    for follower in followers {
        assert_eq!(follower.await.unwrap(), expected);
    }
}

async fn losing_a_race_loses_no_event(store: Arc<dyn Store>) {
    let mut watch = store.watch("".into(), 0);
    for number in 1..=3 {
        tokio::select! {
            biased;
            events = watch.next() => panic!("nothing was written yet: {events:?}"),
            () = std::future::ready(()) => {}
        }
        store.commit(Txn::new().put("a", number.to_string())).await.unwrap();
        assert_eq!(next(&mut watch).await, format!("{number}: +a={number}"));
    }
}

async fn a_watch_that_is_too_far_behind_is_told_to_read_again(store: Arc<dyn Store>) {
    let mut slow = store.watch("".into(), 0);
    // More than any backend here remembers.
    for _ in 0..5 {
        store.commit(Txn::new().put("a", vec![b'x'; 1 << 20])).await.unwrap();
    }
    let Err(StoreError::Compacted { floor }) = slow.next().await else {
        panic!("it is still there")
    };
    assert!((1..5).contains(&floor), "{floor}");
    let mut again = store.watch("".into(), floor);
    assert_eq!(again.next().await.unwrap().revision, floor + 1);
    let answer = store.watch("".into(), floor - 1).next().await;
    assert!(matches!(answer, Err(StoreError::Compacted { .. })), "{answer:?}");
}

async fn a_watch_ends_with_its_store(store: Arc<dyn Store>) {
    let mut watch = store.watch("".into(), 0);
    store.commit(Txn::new().put("a", "1")).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(next(&mut watch).await, "1: +a=1");
    assert!(matches!(watch.next().await, Err(StoreError::Closed)));
}
