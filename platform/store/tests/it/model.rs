//! Both backends do what a simple model does, whatever they are asked.

use crate::scratch::{Scratch, block_on};
use proptest::prelude::*;
use roadstead_store::{Change, Embedded, Guard, LeaseId, Memory, Op, Range, Store, StoreError, Txn};
use std::collections::BTreeMap;
use std::time::Duration;

/// Something to ask of a store.
#[derive(Clone, Debug)]
enum Step {
    Commit(Txn),
    Grant(u64),
    KeepAlive(u64),
    Revoke(u64),
    /// Lets so many seconds pass.
    Pass(u64),
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    value: Vec<u8>,
    created: u64,
    modified: u64,
    lease: Option<u64>,
}

/// The model: everything in plain maps, the whole state copied to undo.
#[derive(Clone, Default)]
struct Model {
    rows: BTreeMap<Vec<u8>, Row>,
    revision: u64,
    leases: BTreeMap<u64, (u64, Option<u64>)>,
    last_lease: u64,
    now: u64,
    log: Vec<String>,
}

impl Model {
    /// Does a step and tells what a store should answer.
    fn step(&mut self, step: &Step) -> String {
        match step {
            Step::Commit(txn) => self.commit(txn),
            Step::Grant(ttl) => {
                self.last_lease += 1;
                self.leases.insert(self.last_lease, (*ttl, None));
                format!("lease {}", self.last_lease)
            }
            Step::KeepAlive(lease) => match self.leases.get_mut(lease) {
                Some((_, end)) => {
                    *end = None;
                    "kept".into()
                }
                None => format!("no lease {lease}"),
            },
            Step::Revoke(lease) => {
                if self.leases.contains_key(lease) {
                    self.end(*lease);
                    "revoked".into()
                } else {
                    format!("no lease {lease}")
                }
            }
            Step::Pass(seconds) => {
                self.now += seconds;
                let mut over = Vec::new();
                for (lease, (ttl, end)) in &mut self.leases {
                    if *end.get_or_insert(self.now + *ttl) <= self.now {
                        over.push(*lease);
                    }
                }
                for lease in &over {
                    self.end(*lease);
                }
                format!("over {over:?}")
            }
        }
    }

    fn end(&mut self, lease: u64) {
        self.leases.remove(&lease);
        let keys: Vec<_> = self
            .rows
            .iter()
            .filter(|(_, row)| row.lease == Some(lease))
            .map(|(key, _)| key)
            .collect();
        let changes: Vec<String> = keys.iter().map(|key| format!("-{}", key.escape_ascii())).collect();
        self.rows.retain(|_, row| row.lease != Some(lease));
        self.took(&changes);
    }

    fn took(&mut self, changes: &[String]) {
        if !changes.is_empty() {
            self.revision += 1;
            self.log.push(format!("{}: {}", self.revision, changes.join(" ")));
        }
    }

    fn commit(&mut self, txn: &Txn) -> String {
        for guard in txn.guards() {
            let below = |prefix: &[u8]| {
                self.rows
                    .iter()
                    .filter(|(key, _)| key.starts_with(prefix))
                    .collect::<Vec<_>>()
            };
            let broken = match guard {
                Guard::Absent(key) => self.rows.contains_key(&key[..]).then(|| key.to_vec()),
                Guard::Present(key) => (!self.rows.contains_key(&key[..])).then(|| key.to_vec()),
                Guard::At(key, revision) => {
                    (self.rows.get(&key[..]).map(|row| row.modified) != Some(*revision)).then(|| key.to_vec())
                }
                Guard::NoneBelow(prefix) => below(prefix).first().map(|(key, _)| (*key).clone()),
                Guard::Unwritten { prefix, since } => below(prefix)
                    .iter()
                    .find(|(_, row)| row.modified > *since)
                    .map(|(key, _)| (*key).clone()),
            };
            if let Some(key) = broken {
                return format!("conflict {}", key.escape_ascii());
            }
        }
        for op in txn.ops() {
            if let Op::Put { lease: Some(lease), .. } = op
                && !self.leases.contains_key(&lease.0)
            {
                return format!("no lease {lease}");
            }
        }
        let modified = self.revision + 1;
        let mut changes = Vec::new();
        for op in txn.ops() {
            match op {
                Op::Put { key, value, lease } => {
                    let created = self.rows.get(&key[..]).map_or(modified, |row| row.created);
                    let row = Row {
                        value: value.to_vec(),
                        created,
                        modified,
                        lease: lease.map(|lease| lease.0),
                    };
                    changes.push(format!("+{}={}", key.escape_ascii(), value.escape_ascii()));
                    self.rows.insert(key.to_vec(), row);
                }
                Op::Delete { key } => {
                    if self.rows.remove(&key[..]).is_some() {
                        changes.push(format!("-{}", key.escape_ascii()));
                    }
                }
                Op::DeletePrefix { prefix } => {
                    for key in self.rows.keys().filter(|key| key.starts_with(prefix)) {
                        changes.push(format!("-{}", key.escape_ascii()));
                    }
                    self.rows.retain(|key, _| !key.starts_with(prefix));
                }
            }
        }
        self.took(&changes);
        format!("revision {}", self.revision)
    }
}

/// Does a step on a store and puts its answer in the model's words.
async fn step(store: &dyn Store, step: &Step, now: &mut u64) -> String {
    let answer = match step {
        Step::Commit(txn) => store
            .commit(txn.clone())
            .await
            .map(|revision| format!("revision {revision}")),
        Step::Grant(ttl) => store
            .grant(Duration::from_secs(*ttl))
            .await
            .map(|lease| format!("lease {lease}")),
        Step::KeepAlive(lease) => store.keep_alive(LeaseId(*lease)).await.map(|()| "kept".into()),
        Step::Revoke(lease) => store.revoke(LeaseId(*lease)).await.map(|()| "revoked".into()),
        Step::Pass(seconds) => {
            *now += seconds;
            let over = store.tick(Duration::from_secs(*now)).await;
            over.map(|over| format!("over {:?}", over.iter().map(|lease| lease.0).collect::<Vec<_>>()))
        }
    };
    answer.unwrap_or_else(|error| match error {
        StoreError::Conflict { key } => format!("conflict {}", key.escape_ascii()),
        StoreError::LeaseNotFound { lease } => format!("no lease {lease}"),
        other => panic!("{other}"),
    })
}

/// Compares all rows, some ranges, and what a watch saw.
async fn compare(store: &dyn Store, model: &Model, ranges: &[Range]) {
    for range in ranges {
        let (entries, revision) = store.range(range.clone()).await.unwrap();
        assert_eq!(revision, model.revision);
        let mut expected: Vec<_> = model
            .rows
            .iter()
            .filter(|(key, _)| key[..] >= range.start[..] && range.end.as_ref().is_none_or(|end| key[..] < end[..]))
            .collect();
        if range.reverse {
            expected.reverse();
        }
        expected.truncate(range.limit.unwrap_or(usize::MAX));
        let found: Vec<_> = entries
            .iter()
            .map(|e| (&e.key[..], &e.value[..], e.created, e.modified))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(key, row)| (&key[..], &row.value[..], row.created, row.modified))
            .collect();
        assert_eq!(found, expected, "{range:?}");
    }
    for key in KEYS {
        let found = store.get(key.as_bytes()).await.unwrap();
        assert_eq!(
            found.map(|entry| entry.modified),
            model.rows.get(key.as_bytes()).map(|row| row.modified)
        );
    }
}

async fn compare_log(store: &dyn Store, model: &Model) {
    let mut watch = store.watch("".into(), 0);
    for expected in &model.log {
        let events = watch.next().await.unwrap();
        let changes: Vec<String> = events
            .changes
            .iter()
            .map(|change| match change {
                Change::Put(entry) => format!("+{}={}", entry.key.escape_ascii(), entry.value.escape_ascii()),
                Change::Delete { key } => format!("-{}", key.escape_ascii()),
            })
            .collect();
        assert_eq!(&format!("{}: {}", events.revision, changes.join(" ")), expected);
    }
}

const KEYS: [&str; 6] = ["a", "a/1", "a/2", "a/2/x", "b", "\u{7f}"];

fn key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(KEYS.to_vec())
}

fn prefix() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "a/", "a/2", "b", "c"])
}

fn guard() -> impl Strategy<Value = Guard> {
    prop_oneof![
        key().prop_map(|key| Guard::Absent(key.into())),
        key().prop_map(|key| Guard::Present(key.into())),
        (key(), 0..20_u64).prop_map(|(key, at)| Guard::At(key.into(), at)),
        prefix().prop_map(|prefix| Guard::NoneBelow(prefix.into())),
        (prefix(), 0..20_u64).prop_map(|(prefix, since)| Guard::Unwritten {
            prefix: prefix.into(),
            since
        }),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let put = (key(), "[a-c]{0,3}", prop::option::weighted(0.3, 1..5_u64)).prop_map(|(key, value, lease)| Op::Put {
        key: key.into(),
        value: value.into(),
        lease: lease.map(LeaseId),
    });
    prop_oneof![
        6 => put,
        2 => key().prop_map(|key| Op::Delete { key: key.into() }),
        1 => prefix().prop_map(|prefix| Op::DeletePrefix { prefix: prefix.into() }),
    ]
}

fn txn() -> impl Strategy<Value = Txn> {
    (prop::collection::vec(guard(), 0..2), prop::collection::vec(op(), 0..4)).prop_map(|(guards, ops)| {
        let mut txn = Txn::new();
        let mut written: Vec<Vec<u8>> = Vec::new();
        let mut prefixes: Vec<Vec<u8>> = Vec::new();
        for guard in guards {
            txn.push_guard(guard);
        }
        for op in ops {
            // Leaves out what every backend refuses; other tests look at that.
            match &op {
                Op::Put { key, .. } | Op::Delete { key } => {
                    if written.contains(&key.to_vec()) || prefixes.iter().any(|prefix| key.starts_with(prefix)) {
                        continue;
                    }
                    written.push(key.to_vec());
                }
                Op::DeletePrefix { prefix } => {
                    if written.iter().any(|key| key.starts_with(prefix)) {
                        continue;
                    }
                    prefixes.push(prefix.to_vec());
                }
            }
            txn.push(op);
        }
        txn
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => txn().prop_map(Step::Commit),
        2 => (1..10_u64).prop_map(Step::Grant),
        1 => (1..5_u64).prop_map(Step::KeepAlive),
        1 => (1..5_u64).prop_map(Step::Revoke),
        2 => (0..8_u64).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 1..40)
}

fn range() -> impl Strategy<Value = Range> {
    (
        key(),
        prop::option::of(key()),
        prop::option::of(0..4_usize),
        any::<bool>(),
    )
        .prop_map(|(start, end, limit, reverse)| Range {
            start: start.into(),
            end: end.map(Into::into),
            limit,
            reverse,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn every_backend_does_what_the_model_does(steps in steps(), mut ranges in prop::collection::vec(range(), 1..6)) {
        ranges.push(Range::all());
        let scratch = Scratch::new();
        block_on(async {
            let memory = Memory::new();
            let embedded = Embedded::open(scratch.path()).unwrap();
            let mut model = Model::default();
            let mut clocks = [0; 2];
            for asked in &steps {
                let expected = model.step(asked);
                prop_assert_eq!(&step(&memory, asked, &mut clocks[0]).await, &expected, "memory: {:?}", asked);
                prop_assert_eq!(&step(&embedded, asked, &mut clocks[1]).await, &expected, "embedded: {:?}", asked);
            }
            compare(&memory, &model, &ranges).await;
            compare(&embedded, &model, &ranges).await;
            compare_log(&memory, &model).await;
            compare_log(&embedded, &model).await;
            drop(embedded);
            compare(&Embedded::open(scratch.path()).unwrap(), &model, &ranges).await;
            Ok(())
        })?;
    }
}
