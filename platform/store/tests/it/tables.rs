//! Typed tables: records by account, region and id, their versions, and several tables in one transaction.

use crate::on_every_backend;
use roadstead_store::{
    Change, KeyParts, Memory, Record, Scope, Store, StoreError, Table, Txn, encode, ordered, readable, record_key,
    scopes,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Cluster {
    name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    providers: Vec<String>,
}

impl Record for Cluster {
    const TABLE: &'static str = "ecs/cluster";
    const VERSION: u16 = 2;

    fn upgrade(version: u16, stored: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct First {
            title: String,
        }
        match version {
            1 => serde_json::from_slice(stored).map(|First { title }| Self {
                name: title,
                providers: vec![],
            }),
            _ => serde_json::from_slice(stored),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Service {
    cluster: String,
    desired: u32,
}

impl Record for Service {
    const TABLE: &'static str = "ecs/service";
    const VERSION: u16 = 1;
}

const HOME: Scope<'_> = Scope::new("111111111111", "eu-west-1");

fn cluster(name: &str) -> Cluster {
    Cluster {
        name: name.into(),
        providers: vec![],
    }
}

fn service(cluster: &str) -> Service {
    Service {
        cluster: cluster.into(),
        desired: 0,
    }
}

on_every_backend!(
    a_record_is_added_once,
    a_record_is_replaced_only_as_it_was_read,
    concurrent_updates_are_all_kept,
    an_update_that_fails_writes_nothing,
    records_are_listed_in_pages,
    accounts_and_regions_are_apart,
    tables_are_changed_together,
    a_watch_tells_which_record_changed,
    all_accounts_and_regions_are_found,
);

async fn a_record_is_added_once(store: Arc<dyn Store>) {
    let clusters = Table::<Cluster>::new(store);
    let revision = clusters.put_new(HOME, &["default"], &cluster("default")).await.unwrap();
    let found = clusters.get(HOME, &["default"]).await.unwrap().unwrap();
    assert_eq!(
        (found.record, found.created, found.revision),
        (cluster("default"), revision, revision)
    );
    let error = clusters
        .put_new(HOME, &["default"], &cluster("other"))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`111111111111/eu-west-1/ecs/cluster/default` was changed in between"
    );
    assert_eq!(clusters.get(HOME, &["def"]).await.unwrap(), None);
}

async fn a_record_is_replaced_only_as_it_was_read(store: Arc<dyn Store>) {
    let clusters = Table::<Cluster>::new(store);
    let first = clusters.put(HOME, &["a"], &cluster("1")).await.unwrap();
    let second = clusters.replace(HOME, &["a"], first, &cluster("2")).await.unwrap();
    assert!(
        clusters
            .replace(HOME, &["a"], first, &cluster("3"))
            .await
            .unwrap_err()
            .is_conflict()
    );
    assert!(clusters.delete(HOME, &["a"], first).await.unwrap_err().is_conflict());
    assert_eq!(clusters.get(HOME, &["a"]).await.unwrap().unwrap().record, cluster("2"));
    clusters.delete(HOME, &["a"], second).await.unwrap();
    assert_eq!(clusters.get(HOME, &["a"]).await.unwrap(), None);
}

async fn concurrent_updates_are_all_kept(store: Arc<dyn Store>) {
    let services = Table::<Service>::new(store);
    services.put(HOME, &["c", "s"], &service("c")).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let services = services.clone();
            tokio::spawn(async move {
                services
                    .update(HOME, &["c", "s"], |service| {
                        service.desired += 1;
                        Ok::<_, StoreError>(())
                    })
                    .await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap().unwrap();
    }
    assert_eq!(
        services.get(HOME, &["c", "s"]).await.unwrap().unwrap().record.desired,
        8
    );
    let none = services
        .update(HOME, &["c", "t"], |_| Ok::<_, StoreError>(()))
        .await
        .unwrap();
    assert_eq!(none, None);
}

async fn an_update_that_fails_writes_nothing(store: Arc<dyn Store>) {
    let services = Table::<Service>::new(store);
    let revision = services.put(HOME, &["c", "s"], &service("c")).await.unwrap();
    let refused = services
        .update(HOME, &["c", "s"], |service| {
            service.desired = 5;
            Err(StoreError::EmptyKey)
        })
        .await;
    assert!(matches!(refused, Err(StoreError::EmptyKey)));
    assert_eq!(
        services.get(HOME, &["c", "s"]).await.unwrap().unwrap().revision,
        revision
    );
}

async fn records_are_listed_in_pages(store: Arc<dyn Store>) {
    let services = Table::<Service>::new(store);
    for (cluster, number) in [("web", 2), ("web", 10), ("web", 1), ("web2", 1), ("we", 1), ("web", 3)] {
        services
            .put(HOME, &[cluster, &ordered(number)], &service(cluster))
            .await
            .unwrap();
    }
    let ids = |page: &roadstead_store::Page<Service>| {
        let id = |key: &[u8]| {
            Table::<Service>::parse_key(key).unwrap().id[1]
                .trim_start_matches('0')
                .to_owned()
        };
        page.records
            .iter()
            .map(|found| id(&found.key))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let first = services.list(HOME, &["web"], None, 2).await.unwrap();
    assert_eq!((ids(&first).as_str(), first.more), ("1 2", true));
    let rest = services
        .list(HOME, &["web"], Some(&["web", &ordered(2)]), 2)
        .await
        .unwrap();
    assert_eq!((ids(&rest).as_str(), rest.more), ("3 10", false));
    let back = services.list_back(HOME, &["web"], None, 3).await.unwrap();
    assert_eq!((ids(&back).as_str(), back.more), ("10 3 2", true));
    let end = services
        .list_back(HOME, &["web"], Some(&["web", &ordered(2)]), 3)
        .await
        .unwrap();
    assert_eq!((ids(&end).as_str(), end.more), ("1", false));
    assert_eq!(services.list_all(HOME).await.unwrap().len(), 6);
}

async fn accounts_and_regions_are_apart(store: Arc<dyn Store>) {
    let clusters = Table::<Cluster>::new(store);
    let others = [
        Scope::new("111111111111", "eu-west-2"),
        Scope::new("222222222222", "eu-west-1"),
        Scope::global("1"),
    ];
    clusters.put(HOME, &["a"], &cluster("mine")).await.unwrap();
    for other in others {
        assert_eq!(clusters.get(other, &["a"]).await.unwrap(), None);
        assert_eq!(clusters.list_all(other).await.unwrap().len(), 0);
    }
    // An id that tries to look like another account's key stays where it is.
    let intruder = "a\u{0}222222222222\u{0}eu-west-1\u{0}ecs/cluster\u{0}a";
    clusters.put(HOME, &[intruder], &cluster("intruder")).await.unwrap();
    assert_eq!(clusters.list_all(HOME).await.unwrap().len(), 2);
    assert_eq!(
        clusters.get(HOME, &[intruder]).await.unwrap().unwrap().record,
        cluster("intruder")
    );
    assert_eq!(clusters.list(HOME, &["a"], None, 9).await.unwrap().records.len(), 0);
}

async fn tables_are_changed_together(store: Arc<dyn Store>) {
    let (clusters, services) = (
        Table::<Cluster>::new(store.clone()),
        Table::<Service>::new(store.clone()),
    );
    let add = async |name: &str| {
        let mut txn = Txn::new();
        clusters.require(&mut txn, HOME, &["c"]);
        services.stage_new(&mut txn, HOME, &["c", name], &service("c"))?;
        store.commit(txn).await
    };
    let remove = async |at| {
        let mut txn = Txn::new();
        services.require_none(&mut txn, HOME, &["c"]);
        clusters.stage_delete(&mut txn, HOME, &["c"], at);
        store.commit(txn).await
    };
    let conflict = |answer: Result<u64, StoreError>| match answer {
        Err(StoreError::Conflict { key }) => readable(&key),
        other => panic!("not a conflict: {other:?}"),
    };
    assert_eq!(conflict(add("s").await), "111111111111/eu-west-1/ecs/cluster/c");
    let at = clusters.put_new(HOME, &["c"], &cluster("c")).await.unwrap();
    let added = add("s").await.unwrap();
    assert_eq!(conflict(remove(at).await), "111111111111/eu-west-1/ecs/service/c/s");
    services.delete(HOME, &["c", "s"], added).await.unwrap();
    remove(at).await.unwrap();
    assert_eq!(clusters.get(HOME, &["c"]).await.unwrap(), None);
}

async fn a_watch_tells_which_record_changed(store: Arc<dyn Store>) {
    let (clusters, services) = (Table::<Cluster>::new(store.clone()), Table::<Service>::new(store));
    let mut watch = services.watch(HOME, &["c"], 0);
    clusters.put(HOME, &["c"], &cluster("c")).await.unwrap();
    services.put(HOME, &["c", "s"], &service("c")).await.unwrap();
    let events = watch.next().await.unwrap();
    let parts = KeyParts::parse(events.changes[0].key()).unwrap();
    assert_eq!(
        (parts.scope(), parts.table.as_str(), parts.id.join(" ").as_str()),
        (HOME, "ecs/service", "c s")
    );
    let Change::Put(entry) = events.changes[0].clone() else {
        panic!("it was put")
    };
    assert_eq!(Table::<Service>::decode(entry).unwrap().record, service("c"));
}

async fn all_accounts_and_regions_are_found(store: Arc<dyn Store>) {
    let (clusters, services) = (
        Table::<Cluster>::new(store.clone()),
        Table::<Service>::new(store.clone()),
    );
    assert_eq!(scopes(&*store).await.unwrap(), []);
    let all = [("1", "eu"), ("1", "eu\u{0}x"), ("1", "eu-1"), ("12", "eu"), ("2", "eu")];
    for (account, region) in all.iter().rev() {
        let scope = Scope::new(account, region);
        clusters.put(scope, &["a"], &cluster("a")).await.unwrap();
        services.put(scope, &["a"], &service("a")).await.unwrap();
    }
    let found = scopes(&*store).await.unwrap();
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(account, region)| (account.as_str(), region.as_str()))
        .collect();
    assert_eq!(found, all);
}

/// Puts bytes where a cluster is expected, and reads them.
fn read_stored(stored: Vec<u8>) -> Result<Cluster, String> {
    crate::scratch::block_on(async {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        store
            .commit(Txn::new().put(record_key(HOME, Cluster::TABLE, &["a"]), stored))
            .await
            .unwrap();
        let found = Table::<Cluster>::new(store).get(HOME, &["a"]).await;
        found
            .map(|found| found.unwrap().record)
            .map_err(|error| error.to_string())
    })
}

fn stored(version: u16, json: &str) -> Vec<u8> {
    [&[1][..], &version.to_be_bytes(), json.as_bytes()].concat()
}

#[test]
fn a_record_is_stored_as_its_version_and_json() {
    assert_eq!(encode(&cluster("a")).unwrap(), stored(2, r#"{"name":"a"}"#));
}

#[test]
fn records_of_older_versions_stay_readable() {
    assert_eq!(read_stored(stored(2, r#"{"name":"a"}"#)), Ok(cluster("a")));
    assert_eq!(read_stored(stored(1, r#"{"title":"old"}"#)), Ok(cluster("old")));
}

#[test]
fn records_that_cannot_be_read_say_which_and_why() {
    let check = |stored: Vec<u8>, problem: &str| {
        let text = read_stored(stored).unwrap_err();
        assert!(
            text.starts_with("the record `111111111111/eu-west-1/ecs/cluster/a` is not readable: "),
            "{text}"
        );
        assert!(text.contains(problem), "{text}");
    };
    check(
        stored(3, "{}"),
        "its version 3 is unknown; it was written by a newer version",
    );
    check(stored(2, "{}"), "missing field `name`");
    check(vec![9, 0, 2, b'{', b'}'], "its encoding 9 is unknown");
    check(vec![1], "it has only 1 bytes");
}
