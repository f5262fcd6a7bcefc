//! The trail as calls write it and as lookups, traces and other processes read it.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use roadstead_core::{AccountId, Region, Timestamp};

use super::log::{FLUSH_EVERY, IN_MEMORY, Limits, Segments, segment_path, segments};
use super::search::{self, Spans};
use super::{AuditLog, IdentityRecord, Position, Record, Search, read_records};

/// Small enough that a test fills many segments.
const SMALL: Limits = Limits {
    segment: 4096,
    total: 16_384,
};
/// Names the directory to the process that is killed.
const VICTIM: &str = "ROADSTEAD_TEST_AUDIT_DIR";

fn record(number: i64) -> Record {
    let account = AccountId::parse("123456789012").unwrap();
    Record {
        time: Timestamp::from_secs(number),
        event_id: format!("event-{number}"),
        request_id: String::new(),
        service: "ecs".into(),
        operation: if number % 2 == 0 {
            "ListClusters"
        } else {
            "CreateCluster"
        }
        .into(),
        region: Region::US_EAST_1,
        account,
        identity: IdentityRecord {
            kind: "Root".into(),
            principal_id: String::new(),
            arn: String::new(),
            account,
            access_key_id: String::new(),
            user_name: None,
            session: None,
            invoked_by: None,
        },
        source: String::new(),
        user_agent: String::new(),
        tls: false,
        read_only: true,
        parameters: None,
        response: None,
        error: None,
        decisions: Vec::new(),
    }
}

/// A directory that is gone after the test.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("roadstead-audit-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A log with the records of a range, in small segments.
fn filled(dir: &Dir, range: std::ops::Range<i64>) -> AuditLog {
    let log = AuditLog::open_within(&dir.0, SMALL).unwrap();
    for number in range {
        log.append(record(number));
        if number % 5 == 0 {
            log.flush();
        }
    }
    log.flush();
    log
}

fn numbers(records: impl IntoIterator<Item = Record>) -> Vec<i64> {
    records.into_iter().map(|record| record.time.secs()).collect()
}

fn newest(log: &AuditLog, limit: usize) -> Vec<i64> {
    numbers(log.recent(limit, |_| true).unwrap())
}

fn found(log: &AuditLog, search: &Search) -> Vec<i64> {
    numbers(
        log.search(search, |_| true)
            .unwrap()
            .into_iter()
            .map(|(_, record)| record),
    )
}

/// Whether each number is one less than the one before.
fn without_gap(numbers: &[i64]) -> bool {
    numbers.windows(2).all(|pair| pair[0] == pair[1] + 1)
}

#[test]
fn records_are_read_back_newest_first_and_after_a_restart() {
    let dir = Dir::new("restart");
    let log = AuditLog::open(&dir.0).unwrap();
    (0..100).for_each(|number| log.append(record(number)));
    assert_eq!(newest(&log, 2), [99, 98]);
    drop(log);
    let log = AuditLog::open(&dir.0).unwrap();
    log.append(record(100));
    assert_eq!(newest(&log, 2), [100, 99]);
    assert_eq!(newest(&log, 1000).len(), 101);
    assert!(newest(&log, 0).is_empty());
}

#[test]
fn a_torn_last_line_is_no_record_and_spoils_none() {
    let dir = Dir::new("torn");
    drop(filled(&dir, 0..3));
    let segment = segment_path(&dir.0, segments(&dir.0).unwrap()[0].0);
    let mut file = OpenOptions::new().append(true).open(&segment).unwrap();
    file.write_all(b"{\"time\":17000,\"event_id\":\"ev").unwrap();
    assert_eq!(numbers(read_records(&dir.0, 10, |_| true).unwrap()), [2, 1, 0]);
    let log = filled(&dir, 3..4);
    assert_eq!(newest(&log, 10), [3, 2, 1, 0]);
}

#[test]
fn a_batch_that_could_not_be_written_spoils_no_later_one() {
    let dir = Dir::new("failed");
    fs::create_dir_all(&dir.0).unwrap();
    File::create(segment_path(&dir.0, 1)).unwrap();
    let unwritable = Some(File::open(segment_path(&dir.0, 1)).unwrap());
    let mut files = Segments {
        dir: dir.0.clone(),
        limits: SMALL,
        number: 1,
        file: unwritable,
        size: 0,
    };
    let line = |number| [serde_json::to_vec(&record(number)).unwrap(), b"\n".to_vec()].concat();
    files.append(&line(1)).unwrap_err();
    files.append(&line(2)).unwrap();
    assert_eq!(numbers(read_records(&dir.0, 10, |_| true).unwrap()), [2]);
}

#[test]
fn the_oldest_segments_make_room() {
    let dir = Dir::new("cap");
    let log = filled(&dir, 0..1000);
    let line = serde_json::to_vec(&record(1000)).unwrap().len() as u64 + 1;
    let size: u64 = segments(&dir.0).unwrap().iter().map(|(_, size)| size).sum();
    assert!(size <= SMALL.total + 5 * line, "{size} bytes are kept");
    let kept = newest(&log, usize::MAX);
    assert!(kept[0] == 999 && without_gap(&kept), "{kept:?}");
    assert!(
        kept.len() as u64 * line > SMALL.total / 2,
        "only {} are kept",
        kept.len()
    );
}

#[test]
fn in_memory_the_oldest_make_room() {
    let log = AuditLog::in_memory();
    let many = i64::try_from(IN_MEMORY).unwrap() + 1;
    (0..many).for_each(|number| log.append(record(number)));
    let kept = newest(&log, usize::MAX);
    assert!(kept[0] == many - 1 && kept[IN_MEMORY - 1] == 1 && without_gap(&kept));
}

#[test]
fn what_reads_while_calls_write_sees_whole_records_without_a_gap() {
    let dir = Dir::new("meanwhile");
    let log = AuditLog::open_within(&dir.0, SMALL).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..3000 {
                log.append(record(number));
                if number % 7 == 0 {
                    log.flush();
                }
            }
            done.store(true, Ordering::SeqCst);
        });
        let mut before = -1;
        loop {
            let last = done.load(Ordering::SeqCst);
            let mine = newest(&log, usize::MAX);
            let others = numbers(read_records(&dir.0, usize::MAX, |_| true).unwrap());
            assert!(without_gap(&mine) && without_gap(&others), "{mine:?} {others:?}");
            let seen = mine.first().copied().unwrap_or(-1);
            assert!(seen >= before, "{seen} after {before}");
            before = seen;
            if last {
                assert_eq!((mine[0], others[0]), (2999, 2999));
                break;
            }
        }
    });
}

#[test]
fn a_position_continues_a_search_on_disk_and_in_memory() {
    let dir = Dir::new("position");
    let memory = AuditLog::in_memory();
    (0..3000).for_each(|number| memory.append(record(number)));
    for (log, count) in [(filled(&dir, 0..40), 40), (memory, 3000)] {
        let (mut search, mut seen) = (Search::newest(7), Vec::new());
        loop {
            let page = log.search(&search, |_| true).unwrap();
            let Some((last, _)) = page.last() else { break };
            search.before = Some(last.to_string().parse::<Position>().unwrap());
            seen.extend(numbers(page.into_iter().map(|(_, record)| record)));
            log.append(record(100_000));
        }
        assert!(seen.len() == count && without_gap(&seen), "{seen:?}");
    }
    assert!("".parse::<Position>().is_err() && "1-x".parse::<Position>().is_err());
}

#[test]
fn a_search_finds_the_records_of_its_times_and_of_its_text() {
    let dir = Dir::new("times");
    let memory = AuditLog::in_memory();
    (0..40).for_each(|number| memory.append(record(number)));
    let on_disk = filled(&dir, 0..40);
    let (from, to) = (Timestamp::from_secs(10), Timestamp::from_secs(14));
    let between = Search {
        from,
        to,
        ..Search::newest(100)
    };
    for log in [&on_disk, &memory] {
        assert_eq!(found(log, &between), [14, 13, 12, 11, 10]);
    }
    let needle = Some("\"operation\":\"CreateCluster\"".to_owned());
    assert_eq!(found(&on_disk, &Search { needle, ..between }), [13, 11]);
}

#[test]
fn full_segments_of_other_times_are_read_once_only() {
    let dir = Dir::new("spans");
    let log = filled(&dir, 0..60);
    let all = segments(&dir.0).unwrap();
    assert!(all.len() >= 3, "{all:?}");
    let spans = Spans::default();
    let late = Search {
        from: Timestamp::from_secs(59),
        ..Search::newest(100)
    };
    let run = |search: &Search| {
        let found = search::search(&dir.0, &spans, search, &|_| true).unwrap();
        numbers(found.into_iter().map(|(_, record)| record))
    };
    assert_eq!(run(&late), [59]);
    // What is known of the oldest is what keeps it from being read: with other contents it is still passed over.
    let oldest = segment_path(&dir.0, all[0].0);
    let forged = [serde_json::to_vec(&record(59)).unwrap(), b"\n".to_vec()].concat();
    fs::write(&oldest, forged).unwrap();
    assert_eq!(run(&late), [59]);
    assert_eq!(found(&log, &late), [59, 59]);
}

#[test]
fn a_line_may_be_longer_than_what_is_read_at_a_time() {
    let dir = Dir::new("long");
    let log = AuditLog::open(&dir.0).unwrap();
    for number in 0..4 {
        let parameters = serde_json::json!({ "text": "x".repeat(700_000 * usize::try_from(number % 2).unwrap()) });
        log.append(Record {
            parameters: Some(parameters),
            ..record(number)
        });
    }
    assert_eq!(newest(&log, 10), [3, 2, 1, 0]);
}

/// The process that the next test kills; it tells of each record when it was taken.
#[test]
#[ignore = "the process that another test kills"]
fn victim() {
    let Some(dir) = std::env::var_os(VICTIM) else { return };
    let log = AuditLog::open(Path::new(&dir)).unwrap();
    let started = Instant::now();
    for number in 0.. {
        log.append(record(number));
        println!("\ntook {number} {}", started.elapsed().as_micros());
        // A pace that calls have, so that it is killed between two batches as well as in one.
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn what_kill_9_loses_is_the_last_moment_and_nothing_before_it() {
    const { assert!(FLUSH_EVERY.as_millis() * 2 <= 100, "documented: at most 100 ms") };
    let dir = Dir::new("kill");
    let arguments = ["--exact", "audit::tests::victim", "--ignored", "--nocapture"];
    let mut command = Command::new(std::env::current_exe().unwrap());
    let mut child = command
        .args(arguments)
        .env(VICTIM, &dir.0)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut taken: Vec<u64> = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some(told) = line.strip_prefix("took ") else {
            continue;
        };
        let Some((number, micros)) = told.split_once(' ') else {
            continue;
        };
        assert_eq!(number, taken.len().to_string());
        let micros = micros.parse().unwrap();
        taken.push(micros);
        if taken.len() == 400 {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    let mut kept = numbers(read_records(&dir.0, usize::MAX, |_| true).unwrap());
    kept.reverse();
    assert_eq!(kept, (0..i64::try_from(kept.len()).unwrap()).collect::<Vec<_>>());
    let (end, begin) = (taken[taken.len() - 1], taken.get(kept.len()).copied());
    let lost = Duration::from_micros(begin.map_or(0, |begin| end.saturating_sub(begin)));
    println!(
        "of {} records {} were kept; the lost ones are of the last {lost:?}",
        taken.len(),
        kept.len()
    );
    // The bound is 100 ms; a machine that gives the writer no processor may take longer.
    assert!(lost < Duration::from_secs(1), "{lost:?} were lost");
}

/// `cargo test --release -p roadstead-kernel -- --ignored --nocapture full_trail`
#[test]
#[ignore = "writes 256 MB; a measurement"]
fn a_full_trail_is_searched_in_bounded_time() {
    let dir = Dir::new("full");
    let log = AuditLog::open(&dir.0).unwrap();
    let parameters = serde_json::json!({ "cluster": "demo", "filler": "x".repeat(600) });
    let mut count = 0;
    while segments(&dir.0).map_or(0, |all| all.iter().map(|(_, size)| size).sum::<u64>()) < 240 << 20 {
        for _ in 0..2000 {
            log.append(Record {
                parameters: Some(parameters.clone()),
                ..record(count)
            });
            count += 1;
        }
        log.flush();
    }
    let time = |name: &str, search: &Search, wanted: &dyn Fn(&Record) -> bool| {
        let started = Instant::now();
        let found = log.search(search, wanted).unwrap().len();
        println!("{name}: {found} found in {:?} of {count} records", started.elapsed());
        assert!(started.elapsed() < Duration::from_secs(20));
    };
    let needle = |text: &str| Search {
        needle: Some(text.to_owned()),
        ..Search::newest(50)
    };
    time("the newest page", &Search::newest(50), &|_| true);
    time("a text that nothing has", &needle("no such text"), &|_| true);
    time("a text that everything has, and nothing fits", &needle("demo"), &|_| {
        false
    });
    let old = Search {
        to: Timestamp::from_secs(10),
        ..Search::newest(50)
    };
    time("the oldest page, by time", &old, &|_| true);
    let none = Search {
        from: Timestamp::from_secs(count),
        ..Search::newest(50)
    };
    time("a time after all", &none, &|_| true);
}
