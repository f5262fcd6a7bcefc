//! Durable small writes by many writers at once, next to plain redb with the same batching in the same run.
//!
//! Both drain a queue into one durable commit of at most 256. The store also waits a moment for those it just answered.
//!
//! `cargo bench -p roadstead-store --bench commits -- [writers] [seconds per round] [rounds]`

#![allow(clippy::unwrap_used, reason = "a benchmark ends on the first error")]

use bytes::Bytes;
use redb::{Builder, Database, Durability, TableDefinition};
use roadstead_store::{Embedded, Scope, Store, Txn, record_key};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

const VALUE: usize = 400;
const CACHE: usize = 4 << 20;
const PLAIN: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("plain");

fn main() {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let number = |at: usize, otherwise| numbers.get(at).copied().unwrap_or(otherwise);
    let (writers, length, rounds) = (number(0, 64), Duration::from_secs(number(1, 3)), number(2, 3));
    let directory = scratch("commits");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    println!(
        "{writers} writers, values of {VALUE} bytes, every commit durable, in {}",
        directory.display()
    );
    let (mut ours, mut plain) = (0.0, 0.0);
    for round in 1..=rounds {
        let at = |name: &str| directory.join(format!("{name}-{round}"));
        let one = runtime.block_on(store(&at("store"), writers, length));
        let other = runtime.block_on(plain_redb(&at("plain"), writers, length));
        println!(
            "round {round}: store {one:.0} commits/s, plain redb {other:.0} commits/s, ratio {:.2}",
            one / other
        );
        (ours, plain) = (ours + one, plain + other);
    }
    let count = f64::from(u32::try_from(rounds).unwrap());
    println!(
        "mean: store {:.0} commits/s, plain redb {:.0}, ratio {:.2}",
        ours / count,
        plain / count,
        ours / plain
    );
    std::fs::remove_dir_all(directory).unwrap();
}

/// A directory on the disk, not in memory.
fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn key(writer: u64, number: u64) -> Bytes {
    record_key(
        Scope::new("123456789012", "eu-west-1"),
        "bench",
        &[&format!("{writer:03}-{number:09}")],
    )
}

/// Commits per second of the store: each writer adds a record that must not be there yet.
async fn store(path: &Path, writers: u64, length: Duration) -> f64 {
    let store = Arc::new(Embedded::open(path).unwrap());
    let begin = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut number = 0;
                while begin.elapsed() < length {
                    let key = key(writer, number);
                    store
                        .commit(Txn::new().absent(key.clone()).put(key, vec![7; VALUE]))
                        .await
                        .unwrap();
                    number += 1;
                }
                number
            })
        })
        .collect();
    rate(tasks, begin).await
}

/// Commits per second of a queue before redb, with nothing else: no guards, revisions, watches.
async fn plain_redb(path: &Path, writers: u64, length: Duration) -> f64 {
    std::fs::create_dir_all(path).unwrap();
    let database = Builder::new()
        .set_cache_size(CACHE)
        .create(path.join("plain.redb"))
        .unwrap();
    let (send, receive) = channel();
    let thread = std::thread::spawn(move || write_plain(&database, &receive));
    let begin = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let send: Sender<_> = send.clone();
            tokio::spawn(async move {
                let mut number = 0;
                while begin.elapsed() < length {
                    let (reply, answer) = oneshot::channel();
                    send.send((key(writer, number), Bytes::from(vec![7; VALUE]), reply))
                        .unwrap();
                    answer.await.unwrap();
                    number += 1;
                }
                number
            })
        })
        .collect();
    let rate = rate(tasks, begin).await;
    drop(send);
    thread.join().unwrap();
    rate
}

fn write_plain(database: &Database, queue: &Receiver<(Bytes, Bytes, oneshot::Sender<()>)>) {
    while let Ok(first) = queue.recv() {
        let mut write = database.begin_write().unwrap();
        write.set_durability(Durability::Immediate).unwrap();
        let mut replies = Vec::new();
        {
            let mut table = write.open_table(PLAIN).unwrap();
            for (key, value, reply) in std::iter::once(first).chain(queue.try_iter().take(255)) {
                table.insert(key.as_ref(), value.as_ref()).unwrap();
                replies.push(reply);
            }
        }
        write.commit().unwrap();
        for reply in replies {
            reply.send(()).unwrap();
        }
    }
}

async fn rate(tasks: Vec<tokio::task::JoinHandle<u64>>, begin: Instant) -> f64 {
    let mut commits = 0;
    for task in tasks {
        commits += task.await.unwrap();
    }
    f64::from(u32::try_from(commits).unwrap()) / begin.elapsed().as_secs_f64()
}
