//! What every backend does alike: reading in order, and transactions that happen whole or not at all.

use crate::on_every_backend;
use roadstead_store::{Guard, MAX_TXN_BYTES, MAX_TXN_OPS, Op, Range, Result, Revision, Store, StoreError, Txn};
use std::sync::Arc;

on_every_backend!(
    an_empty_store_has_nothing,
    a_written_key_tells_when_it_was_created_and_modified,
    a_deleted_key_begins_anew,
    ranges_are_in_order_and_within_their_bounds,
    a_failed_guard_names_its_key_and_writes_nothing,
    the_first_failed_guard_is_named,
    each_guard_holds_when_it_should,
    a_guard_sees_keys_written_later_but_not_deletions,
    a_whole_prefix_is_deleted_at_once,
    a_transaction_that_changes_nothing_takes_no_revision,
    a_key_is_written_once_per_transaction,
    transactions_keep_to_the_limits_of_etcd,
    counting_with_guards_loses_no_step,
    a_dropped_future_does_not_undo_its_commit,
    a_closed_store_answers_so,
);

async fn keys(store: &dyn Store, range: Range) -> Vec<String> {
    let (entries, _) = store.range(range).await.unwrap();
    entries
        .iter()
        .map(|entry| String::from_utf8(entry.key.to_vec()).unwrap())
        .collect()
}

async fn fill(store: &dyn Store, keys: &[&'static str]) -> Revision {
    store
        .commit(keys.iter().fold(Txn::new(), |txn, key| txn.put(*key, *key)))
        .await
        .unwrap()
}

fn conflict(answer: Result<Revision>) -> String {
    match answer {
        Err(StoreError::Conflict { key }) => String::from_utf8(key.to_vec()).unwrap(),
        other => panic!("not a conflict: {other:?}"),
    }
}

async fn an_empty_store_has_nothing(store: Arc<dyn Store>) {
    assert_eq!(store.get(b"a").await.unwrap(), None);
    assert_eq!(store.range(Range::all()).await.unwrap(), (vec![], 0));
    assert_eq!(store.revision().await.unwrap(), 0);
}

async fn a_written_key_tells_when_it_was_created_and_modified(store: Arc<dyn Store>) {
    assert_eq!(store.commit(Txn::new().put("a", "one")).await.unwrap(), 1);
    assert_eq!(store.commit(Txn::new().put("b", "other")).await.unwrap(), 2);
    assert_eq!(store.commit(Txn::new().put("a", "two")).await.unwrap(), 3);
    let entry = store.get(b"a").await.unwrap().unwrap();
    assert_eq!((&entry.key[..], &entry.value[..]), (&b"a"[..], &b"two"[..]));
    assert_eq!((entry.created, entry.modified), (1, 3));
    assert_eq!(store.revision().await.unwrap(), 3);
}

async fn a_deleted_key_begins_anew(store: Arc<dyn Store>) {
    fill(&*store, &["a"]).await;
    assert_eq!(store.commit(Txn::new().delete("a")).await.unwrap(), 2);
    assert_eq!(store.get(b"a").await.unwrap(), None);
    fill(&*store, &["a"]).await;
    assert_eq!(store.get(b"a").await.unwrap().unwrap().created, 3);
}

async fn ranges_are_in_order_and_within_their_bounds(store: Arc<dyn Store>) {
    let revision = fill(&*store, &["b/2", "a", "b", "b/1", "c", "b/3"]).await;
    let below = || Range::prefix("b/");
    assert_eq!(keys(&*store, Range::all()).await, ["a", "b", "b/1", "b/2", "b/3", "c"]);
    assert_eq!(keys(&*store, below()).await, ["b/1", "b/2", "b/3"]);
    assert_eq!(keys(&*store, below().limit(2)).await, ["b/1", "b/2"]);
    assert_eq!(keys(&*store, below().limit(0)).await, [""; 0]);
    assert_eq!(keys(&*store, below().reverse().limit(2)).await, ["b/3", "b/2"]);
    assert_eq!(keys(&*store, below().after(b"b/1")).await, ["b/2", "b/3"]);
    assert_eq!(keys(&*store, below().after(b"b/11")).await, ["b/2", "b/3"]);
    assert_eq!(keys(&*store, below().after(b"a")).await, ["b/1", "b/2", "b/3"]);
    assert_eq!(keys(&*store, below().after(b"z")).await, [""; 0]);
    assert_eq!(keys(&*store, below().before("b/3").reverse()).await, ["b/2", "b/1"]);
    assert_eq!(keys(&*store, below().before("z").reverse().limit(1)).await, ["b/3"]);
    assert_eq!(store.range(below()).await.unwrap().1, revision);
}

async fn a_failed_guard_names_its_key_and_writes_nothing(store: Arc<dyn Store>) {
    fill(&*store, &["a"]).await;
    let txn = Txn::new()
        .absent("b")
        .put("b", "new")
        .absent("a")
        .put("a", "new")
        .delete("c");
    assert_eq!(conflict(store.commit(txn).await), "a");
    assert_eq!(store.get(b"b").await.unwrap(), None);
    assert_eq!(store.get(b"a").await.unwrap().unwrap().value, "a");
    assert_eq!(store.revision().await.unwrap(), 1);
}

async fn the_first_failed_guard_is_named(store: Arc<dyn Store>) {
    fill(&*store, &["a", "b"]).await;
    assert_eq!(
        conflict(store.commit(Txn::new().present("a").absent("b").absent("a")).await),
        "b"
    );
    assert_eq!(conflict(store.commit(Txn::new().absent("a").absent("b")).await), "a");
}

async fn each_guard_holds_when_it_should(store: Arc<dyn Store>) {
    fill(&*store, &["a/1", "a/2"]).await;
    store.commit(Txn::new().put("a/2", "new")).await.unwrap();
    let check = async |guard: Guard, broken: Option<&str>| {
        let answer = store.commit(Txn::new().guard(guard.clone())).await;
        match broken {
            None => assert_eq!(answer.unwrap(), 2, "{guard:?}"),
            Some(key) => assert_eq!(conflict(answer), key, "{guard:?}"),
        }
    };
    check(Guard::Absent("b".into()), None).await;
    check(Guard::Absent("a/1".into()), Some("a/1")).await;
    check(Guard::Present("a/1".into()), None).await;
    check(Guard::Present("a".into()), Some("a")).await;
    check(Guard::At("a/1".into(), 1), None).await;
    check(Guard::At("a/1".into(), 2), Some("a/1")).await;
    check(Guard::At("a/2".into(), 2), None).await;
    check(Guard::At("a/2".into(), 1), Some("a/2")).await;
    check(Guard::At("b".into(), 0), Some("b")).await;
    check(Guard::NoneBelow("b/".into()), None).await;
    check(Guard::NoneBelow("a/".into()), Some("a/1")).await;
    check(
        Guard::Unwritten {
            prefix: "a/".into(),
            since: 2,
        },
        None,
    )
    .await;
    check(
        Guard::Unwritten {
            prefix: "a/".into(),
            since: 1,
        },
        Some("a/2"),
    )
    .await;
    check(
        Guard::Unwritten {
            prefix: "b/".into(),
            since: 0,
        },
        None,
    )
    .await;
}

async fn a_guard_sees_keys_written_later_but_not_deletions(store: Arc<dyn Store>) {
    let read = fill(&*store, &["a/1", "a/2"]).await;
    store.commit(Txn::new().delete("a/1")).await.unwrap();
    store
        .commit(Txn::new().unwritten("a/", read).put("x", ""))
        .await
        .unwrap();
    fill(&*store, &["a/3"]).await;
    assert_eq!(
        conflict(store.commit(Txn::new().unwritten("a/", read).put("y", "")).await),
        "a/3"
    );
}

async fn a_whole_prefix_is_deleted_at_once(store: Arc<dyn Store>) {
    fill(&*store, &["a", "b/1", "b/2", "c"]).await;
    assert_eq!(
        store.commit(Txn::new().delete_prefix("b/").put("d", "")).await.unwrap(),
        2
    );
    assert_eq!(keys(&*store, Range::all()).await, ["a", "c", "d"]);
}

async fn a_transaction_that_changes_nothing_takes_no_revision(store: Arc<dyn Store>) {
    fill(&*store, &["a"]).await;
    assert_eq!(store.commit(Txn::new()).await.unwrap(), 1);
    assert_eq!(store.commit(Txn::new().present("a")).await.unwrap(), 1);
    assert_eq!(
        store.commit(Txn::new().delete("b").delete_prefix("c/")).await.unwrap(),
        1
    );
    assert_eq!(store.revision().await.unwrap(), 1);
}

async fn a_key_is_written_once_per_transaction(store: Arc<dyn Store>) {
    for txn in [
        Txn::new().put("a", "1").put("a", "2"),
        Txn::new().put("a", "1").put("b", "1").delete("a"),
        Txn::new().delete_prefix("a").put("ab", "1"),
    ] {
        let answer = store.commit(txn).await;
        assert!(
            matches!(answer, Err(StoreError::DuplicateKey { ref key }) if key.starts_with(b"a")),
            "{answer:?}"
        );
    }
    for txn in [
        Txn::new().put("", "1"),
        Txn::new().absent(""),
        Txn::new().delete_prefix(""),
    ] {
        assert!(matches!(store.commit(txn).await, Err(StoreError::EmptyKey)));
    }
    assert_eq!(store.revision().await.unwrap(), 0);
}

async fn transactions_keep_to_the_limits_of_etcd(store: Arc<dyn Store>) {
    let puts = |count: usize| (0..count).fold(Txn::new(), |txn, number| txn.put(number.to_string(), ""));
    assert_eq!(store.commit(puts(MAX_TXN_OPS)).await.unwrap(), 1);
    let answer = store.commit(puts(MAX_TXN_OPS + 1)).await;
    assert!(
        matches!(
            answer,
            Err(StoreError::TooLarge {
                what: "operations",
                size: 129,
                limit: 128
            })
        ),
        "{answer:?}"
    );
    let guards = (0..=MAX_TXN_OPS).fold(Txn::new(), |txn, _| txn.present("0"));
    assert!(matches!(
        store.commit(guards).await,
        Err(StoreError::TooLarge { what: "guards", .. })
    ));
    store
        .commit(Txn::new().put("k", vec![0; MAX_TXN_BYTES - 1]))
        .await
        .unwrap();
    let answer = store.commit(Txn::new().put("k", vec![0; MAX_TXN_BYTES])).await;
    assert!(
        matches!(answer, Err(StoreError::TooLarge { what: "bytes", .. })),
        "{answer:?}"
    );
    assert_eq!(store.get(b"k").await.unwrap().unwrap().value.len(), MAX_TXN_BYTES - 1);
}

async fn counting_with_guards_loses_no_step(store: Arc<dyn Store>) {
    const WRITERS: u64 = 8;
    const STEPS: u64 = 25;
    store.commit(Txn::new().put("count", "0")).await.unwrap();
    let tasks: Vec<_> = (0..WRITERS)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut done = 0;
                while done < STEPS {
                    let entry = store.get(b"count").await.unwrap().unwrap();
                    let count: u64 = std::str::from_utf8(&entry.value).unwrap().parse().unwrap();
                    let txn = Txn::new()
                        .at("count", entry.modified)
                        .put("count", (count + 1).to_string());
                    match store.commit(txn).await {
                        Ok(_) => done += 1,
                        Err(error) => assert!(error.is_conflict(), "{error}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(
        store.get(b"count").await.unwrap().unwrap().value,
        (WRITERS * STEPS).to_string()
    );
    assert_eq!(store.revision().await.unwrap(), WRITERS * STEPS + 1);
}

async fn a_dropped_future_does_not_undo_its_commit(store: Arc<dyn Store>) {
    drop(store.commit(Txn::new().put("a", "1")));
    assert_eq!(store.commit(Txn::new().present("a").put("b", "1")).await.unwrap(), 2);
}

async fn a_closed_store_answers_so(store: Arc<dyn Store>) {
    let accepted = store.commit(Txn::new().put("a", "1"));
    store.close().await.unwrap();
    assert_eq!(accepted.await.unwrap(), 1);
    assert!(matches!(store.get(b"a").await, Err(StoreError::Closed)));
    assert!(matches!(store.range(Range::all()).await, Err(StoreError::Closed)));
    assert!(matches!(store.commit(Txn::new()).await, Err(StoreError::Closed)));
    let mut txn = Txn::new();
    txn.push(Op::Delete { key: "a".into() });
    assert!(matches!(store.commit(txn).await, Err(StoreError::Closed)));
    assert!(matches!(store.stopped().await, StoreError::Closed));
    store.close().await.unwrap();
}
