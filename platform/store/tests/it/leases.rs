//! Leases end when their time is over, never before, and take their keys along.

use crate::on_every_backend;
use roadstead_store::{Change, LeaseId, Range, Store, StoreError, Txn};
use std::sync::Arc;
use std::time::Duration;

on_every_backend!(
    keys_end_with_their_lease,
    a_lease_that_is_kept_alive_does_not_end,
    a_lease_never_ends_early,
    revoking_deletes_the_keys_in_one_transaction,
    a_key_leaves_its_lease_when_written_without,
    a_key_moves_to_another_lease,
    nothing_can_be_put_under_a_lease_that_is_over,
    leases_are_named_once,
    one_of_many_gets_the_leadership_and_passes_it_on,
);

const TTL: Duration = Duration::from_secs(10);

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn left(store: &dyn Store) -> Vec<String> {
    let (entries, _) = store.range(Range::all()).await.unwrap();
    entries
        .iter()
        .map(|entry| String::from_utf8(entry.key.to_vec()).unwrap())
        .collect()
}

async fn keys_end_with_their_lease(store: Arc<dyn Store>) {
    let lease = store.grant(TTL).await.unwrap();
    store
        .commit(Txn::new().put_leased("a", "", lease).put("b", ""))
        .await
        .unwrap();
    assert_eq!(store.tick(at(100)).await.unwrap(), []);
    assert_eq!(store.tick(at(109)).await.unwrap(), []);
    assert_eq!(left(&*store).await, ["a", "b"]);
    assert_eq!(store.tick(at(110)).await.unwrap(), [lease]);
    assert_eq!(left(&*store).await, ["b"]);
    assert_eq!(store.tick(at(200)).await.unwrap(), []);
    let answer = store.keep_alive(lease).await;
    assert!(
        matches!(answer, Err(StoreError::LeaseNotFound { lease: gone }) if gone == lease),
        "{answer:?}"
    );
}

async fn a_lease_that_is_kept_alive_does_not_end(store: Arc<dyn Store>) {
    let lease = store.grant(TTL).await.unwrap();
    store.tick(at(0)).await.unwrap();
    for now in [9, 18, 27] {
        store.keep_alive(lease).await.unwrap();
        assert_eq!(store.tick(at(now)).await.unwrap(), []);
    }
    assert_eq!(store.tick(at(37)).await.unwrap(), [lease]);
}

async fn a_lease_never_ends_early(store: Arc<dyn Store>) {
    store.tick(at(1_000)).await.unwrap();
    let lease = store.grant(TTL).await.unwrap();
    // Time passed unseen between the grant and this tick; the lease gets its whole time all the same.
    assert_eq!(store.tick(at(2_000)).await.unwrap(), []);
    assert_eq!(store.tick(at(2_010)).await.unwrap(), [lease]);
}

async fn revoking_deletes_the_keys_in_one_transaction(store: Arc<dyn Store>) {
    let (one, other) = (store.grant(TTL).await.unwrap(), store.grant(TTL).await.unwrap());
    store
        .commit(
            Txn::new()
                .put_leased("b", "", one)
                .put_leased("a", "", one)
                .put_leased("c", "", other),
        )
        .await
        .unwrap();
    let mut watch = store.watch("".into(), 1);
    store.revoke(one).await.unwrap();
    let events = watch.next().await.unwrap();
    assert_eq!(events.changes, ["a", "b"].map(|key| Change::Delete { key: key.into() }));
    assert_eq!(left(&*store).await, ["c"]);
    assert!(matches!(store.revoke(one).await, Err(StoreError::LeaseNotFound { .. })));
}

async fn a_key_leaves_its_lease_when_written_without(store: Arc<dyn Store>) {
    let lease = store.grant(TTL).await.unwrap();
    store
        .commit(Txn::new().put_leased("a", "", lease).put_leased("b", "", lease))
        .await
        .unwrap();
    store.commit(Txn::new().put("a", "").delete("b")).await.unwrap();
    store.commit(Txn::new().put("b", "")).await.unwrap();
    store.revoke(lease).await.unwrap();
    assert_eq!(left(&*store).await, ["a", "b"]);
}

async fn a_key_moves_to_another_lease(store: Arc<dyn Store>) {
    let (one, other) = (store.grant(TTL).await.unwrap(), store.grant(TTL).await.unwrap());
    store.commit(Txn::new().put_leased("a", "", one)).await.unwrap();
    store.commit(Txn::new().put_leased("a", "", other)).await.unwrap();
    store.revoke(one).await.unwrap();
    assert_eq!(left(&*store).await, ["a"]);
    store.revoke(other).await.unwrap();
    assert_eq!(left(&*store).await, [""; 0]);
}

async fn nothing_can_be_put_under_a_lease_that_is_over(store: Arc<dyn Store>) {
    let lease = store.grant(TTL).await.unwrap();
    store.revoke(lease).await.unwrap();
    for lease in [lease, LeaseId(77)] {
        let answer = store.commit(Txn::new().put("a", "").put_leased("b", "", lease)).await;
        assert!(
            matches!(answer, Err(StoreError::LeaseNotFound { lease: named }) if named == lease),
            "{answer:?}"
        );
    }
    assert_eq!(left(&*store).await, [""; 0]);
}

async fn leases_are_named_once(store: Arc<dyn Store>) {
    let first = store.grant(TTL).await.unwrap();
    store.revoke(first).await.unwrap();
    assert_ne!(store.grant(TTL).await.unwrap(), first);
}

async fn one_of_many_gets_the_leadership_and_passes_it_on(store: Arc<dyn Store>) {
    let stand = async |name: &'static str| {
        let lease = store.grant(TTL).await.unwrap();
        (
            lease,
            store
                .commit(Txn::new().absent("leader").put_leased("leader", name, lease))
                .await,
        )
    };
    let (first, won) = stand("one").await;
    let revision = won.unwrap();
    let (second, lost) = stand("two").await;
    assert!(lost.unwrap_err().is_conflict());
    store.tick(at(0)).await.unwrap();
    store.keep_alive(second).await.unwrap();
    assert_eq!(store.tick(at(10)).await.unwrap(), [first]);
    let mut watch = store.watch("leader".into(), revision);
    assert_eq!(
        watch.next().await.unwrap().changes,
        [Change::Delete { key: "leader".into() }]
    );
    store
        .commit(Txn::new().absent("leader").put_leased("leader", "two", second))
        .await
        .unwrap();
}
