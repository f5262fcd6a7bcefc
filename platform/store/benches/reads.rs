//! Point reads and listings of a store with 100,000 records, and how much memory it takes.
//!
//! `cargo bench -p roadstead-store --bench reads -- [bytes of a value]`

#![allow(clippy::unwrap_used, reason = "a benchmark ends on the first error")]

use bytes::Bytes;
use roadstead_store::{Embedded, Range, Scope, Store, Txn, record_key, record_prefix};
use std::path::Path;
use std::time::Instant;

const RECORDS: u64 = 100_000;
const READS: u32 = 500_000;
const SCOPE: Scope<'_> = Scope::new("123456789012", "eu-west-1");

fn key(number: u64) -> Bytes {
    record_key(SCOPE, "bench", &[&format!("{number:09}")])
}

fn main() {
    let value = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(400_usize);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("reads-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    println!("resident before: {} KiB", resident());
    let begin = Instant::now();
    let store = Embedded::open(&path).unwrap();
    println!(
        "open of an empty directory: {:?}, resident {} KiB",
        begin.elapsed(),
        resident()
    );
    runtime.block_on(async {
        for first in (0..RECORDS).step_by(100) {
            let txn = (first..first + 100).fold(Txn::new(), |txn, number| txn.put(key(number), vec![7; value]));
            store.commit(txn).await.unwrap();
        }
    });
    drop(store);
    let file = std::fs::metadata(path.join("store.redb")).unwrap().len();
    println!(
        "{} bytes of file for each record of {value} and its key",
        file / RECORDS
    );
    let begin = Instant::now();
    let store = Embedded::open(&path).unwrap();
    println!(
        "open with {RECORDS} records: {:?}, resident {} KiB",
        begin.elapsed(),
        resident()
    );
    runtime.block_on(async {
        for (name, among) in [("1,000 hot keys", 1_000), ("all keys", RECORDS)] {
            let mut number = 1;
            let begin = Instant::now();
            for _ in 0..READS {
                number = (number * 48_271) % 2_147_483_647;
                assert!(store.get(&key(number % among)).await.unwrap().is_some());
            }
            println!("point read, {name}: {:?}", begin.elapsed() / READS);
        }
        let begin = Instant::now();
        for _ in 0..100 {
            let range = Range::prefix(record_prefix(SCOPE, "bench", &[])).limit(1_000);
            assert_eq!(store.range(range).await.unwrap().0.len(), 1_000);
        }
        println!("listing of 1,000: {:?}", begin.elapsed() / 100);
    });
    println!("resident after: {} KiB", resident());
    drop(store);
    std::fs::remove_dir_all(path).unwrap();
}

/// The resident memory of this process in KiB, where the system tells.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or_else(|| "?".into(), |value| value.trim().trim_end_matches(" kB").to_owned())
}
