//! Kills a writing process 200 times and looks whether anything that was acknowledged is lost or torn.
//!
//! `cargo bench -p roadstead-store --bench kill9 -- [rounds]`. It kills only the process it started.
//! What it proves is atomicity and order, not that the disk keeps what it was told to keep: the page cache survives.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test program ends on the first error"
)]

use bytes::Bytes;
use roadstead_store::{Embedded, Range, Scope, Store, Txn, record_key, record_prefix};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const RECORDS: u64 = 100_000;
const SCOPE: Scope<'_> = Scope::new("123456789012", "eu-west-1");

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["child", path, writers, round] => child(Path::new(path), writers.parse().unwrap(), round),
        [rounds] => parent(rounds.parse().unwrap()),
        _ => parent(200),
    }
}

/// The two keys of one transaction: a record and its index.
fn keys(writer: &str, number: &str) -> [Bytes; 2] {
    ["record", "index"].map(|table| record_key(SCOPE, table, &[writer, number]))
}

/// What a transaction writes under both keys: its length and bytes depend on who wrote it.
fn value(writer: &str, number: &str) -> Vec<u8> {
    let text = format!("{writer}:{number};");
    text.bytes()
        .cycle()
        .take(200 + usize::from(text.bytes().fold(0_u8, u8::wrapping_add)))
        .collect()
}

/// Writes as fast as it can, and says which transactions were acknowledged, until it is killed.
fn child(path: &Path, writers: u64, round: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let store = Arc::new(Embedded::open(path).unwrap());
    println!("ready");
    runtime.block_on(async {
        let tasks: Vec<_> = (0..writers)
            .map(|writer| {
                let (store, writer) = (store.clone(), format!("{round}-{writer}"));
                tokio::spawn(async move {
                    for number in 0_u64.. {
                        let number = number.to_string();
                        let [record, index] = keys(&writer, &number);
                        let value = value(&writer, &number);
                        let txn = Txn::new()
                            .absent(record.clone())
                            .put(record, value.clone())
                            .put(index, value);
                        let revision = store.commit(txn).await.unwrap();
                        // One line in one call, so that the parent reads it whole or sees that it is not.
                        let line = format!("{writer} {number} {revision}\n");
                        std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

fn parent(rounds: u64) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kill9-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    preload(&runtime, &path);
    let begin = Instant::now();
    let store = Embedded::open(&path).unwrap();
    println!(
        "start-up with {RECORDS} records after a clean end: {:?}",
        begin.elapsed()
    );
    drop(store);

    measure_starts(&path);

    let mut starts = Vec::new();
    let mut acknowledged: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut seed = 1_u64;
    for round in 0..rounds {
        seed = (seed * 48_271) % 2_147_483_647;
        let writers = if round % 4 == 0 { 1 } else { 64 };
        let lines = run_and_kill(&path, writers, round, Duration::from_millis(seed % 60));
        let fresh: Vec<_> = lines.split_inclusive('\n').filter_map(parse).collect();
        let begin = Instant::now();
        let store = Embedded::open(&path).unwrap();
        starts.push(begin.elapsed());
        runtime.block_on(async {
            let revision = store.revision().await.unwrap();
            let last = fresh.iter().map(|(_, _, revision)| *revision).max().unwrap_or(0);
            assert!(
                revision >= last,
                "revision {revision} is before the acknowledged {last}"
            );
            for (writer, number, revision) in &fresh {
                expect(&store, writer, number, Some(*revision)).await;
            }
        });
        acknowledged.extend(
            fresh
                .into_iter()
                .map(|(writer, number, revision)| ((writer, number), revision)),
        );
    }
    let store = Embedded::open(&path).unwrap();
    let written = runtime.block_on(async {
        for ((writer, number), revision) in &acknowledged {
            expect(&store, writer, number, Some(*revision)).await;
        }
        let (records, _) = store
            .range(Range::prefix(record_prefix(SCOPE, "record", &[])))
            .await
            .unwrap();
        let (indexes, _) = store
            .range(Range::prefix(record_prefix(SCOPE, "index", &[])))
            .await
            .unwrap();
        assert_eq!(records.len(), indexes.len(), "a transaction is half there");
        for record in &records {
            let parts = roadstead_store::KeyParts::parse(&record.key).unwrap();
            expect(&store, &parts.id[0], &parts.id[1], None).await;
        }
        let (old, _) = store
            .range(Range::prefix(record_prefix(SCOPE, "preloaded", &[])))
            .await
            .unwrap();
        assert_eq!(old.len(), usize::try_from(RECORDS).unwrap());
        records.len()
    });
    println!(
        "{rounds} rounds, {} acknowledged transactions, {written} found, none lost, none torn",
        acknowledged.len()
    );
    println!(
        "start-up after SIGKILL, growing to {} records: {}",
        RECORDS + 2 * u64::try_from(written).unwrap(),
        summary(starts)
    );
    drop(store);
    std::fs::remove_dir_all(path).unwrap();
}

/// Kills a writer on a copy of the preloaded store, each time a fresh one, and measures the start-up after it.
fn measure_starts(path: &Path) {
    let copy = path.with_extension("copy");
    let mut starts = Vec::new();
    for round in 0..20 {
        std::fs::create_dir_all(&copy).unwrap();
        std::fs::copy(path.join("store.redb"), copy.join("store.redb")).unwrap();
        run_and_kill(&copy, 64, round, Duration::from_millis(20));
        let begin = Instant::now();
        let store = Embedded::open(&copy).unwrap();
        starts.push(begin.elapsed());
        drop(store);
        std::fs::remove_dir_all(&copy).unwrap();
    }
    println!(
        "start-up with {RECORDS} records after SIGKILL under load: {}",
        summary(starts)
    );
}

fn summary(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    format!(
        "median {:?}, longest {:?}",
        times[times.len() / 2],
        times[times.len() - 1]
    )
}

fn preload(runtime: &tokio::runtime::Runtime, path: &Path) {
    let store = Embedded::open(path).unwrap();
    runtime.block_on(async {
        for first in (0..RECORDS).step_by(100) {
            let txn = (first..first + 100).fold(Txn::new(), |txn, number| {
                txn.put(record_key(SCOPE, "preloaded", &[&format!("{number:09}")]), vec![7; 400])
            });
            store.commit(txn).await.unwrap();
        }
    });
}

/// Starts a writer, lets it write for a while, kills it, and returns what it acknowledged.
fn run_and_kill(path: &Path, writers: u64, round: u64, after: Duration) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "child",
            path.to_str().unwrap(),
            &writers.to_string(),
            &round.to_string(),
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut ready = String::new();
    output.read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    let reader = std::thread::spawn(move || {
        let mut lines = String::new();
        output.read_to_string(&mut lines).unwrap();
        lines
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

/// An acknowledgement; `None` for a line that the kill cut short.
fn parse(line: &str) -> Option<(String, String, u64)> {
    let mut words = line.strip_suffix('\n')?.split(' ');
    let (writer, number, revision) = (words.next()?, words.next()?, words.next()?);
    Some((writer.to_owned(), number.to_owned(), revision.parse().ok()?))
}

async fn expect(store: &Embedded, writer: &str, number: &str, revision: Option<u64>) {
    for key in keys(writer, number) {
        let entry = store
            .get(&key)
            .await
            .unwrap()
            .unwrap_or_else(|| panic!("{writer} {number} is lost"));
        assert_eq!(entry.value, value(writer, number), "{writer} {number} is torn");
        if let Some(revision) = revision {
            assert_eq!(entry.modified, revision, "{writer} {number} has another revision");
        }
    }
}
