//! The embedded store's files: what survives, who may open them, and what is said when they are no good.

use crate::scratch::{Scratch, block_on};
use roadstead_store::{Embedded, LeaseId, Range, Store, StoreError, Txn};
use std::fs;
use std::time::Duration;

fn filled() -> Scratch {
    let scratch = Scratch::new();
    let store = Embedded::open(scratch.path()).unwrap();
    block_on(async {
        for number in 0..100 {
            store
                .commit(Txn::new().put(format!("k/{number:03}"), vec![7; 400]))
                .await
                .unwrap();
        }
    });
    scratch
}

fn refused(scratch: &Scratch) -> StoreError {
    match Embedded::open(scratch.path()) {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

#[test]
fn everything_is_there_after_opening_again() {
    let scratch = Scratch::new();
    let lease = block_on(async {
        let store = Embedded::open(scratch.path()).unwrap();
        store.commit(Txn::new().put("a", "1").put("b", "1")).await.unwrap();
        store.commit(Txn::new().put("a", "2").delete("b")).await.unwrap();
        let lease = store.grant(Duration::from_secs(10)).await.unwrap();
        store.commit(Txn::new().put_leased("c", "3", lease)).await.unwrap();
        lease
    });
    block_on(async {
        let store = Embedded::open(scratch.path()).unwrap();
        let (entries, revision) = store.range(Range::all()).await.unwrap();
        let found: Vec<_> = entries
            .iter()
            .map(|e| (&e.key[..], &e.value[..], e.created, e.modified))
            .collect();
        assert_eq!(found, [(&b"a"[..], &b"2"[..], 1, 2), (b"c", b"3", 3, 3)]);
        assert_eq!(revision, 3);
        assert_eq!(store.commit(Txn::new().put("d", "")).await.unwrap(), 4);
        let old = store.watch("".into(), 2).next().await;
        assert!(matches!(old, Err(StoreError::Compacted { floor: 3 })), "{old:?}");
        assert_eq!(store.watch("".into(), 3).next().await.unwrap().revision, 4);
        assert_eq!(store.tick(Duration::from_secs(1)).await.unwrap(), []);
        assert_eq!(store.tick(Duration::from_secs(11)).await.unwrap(), [lease]);
        assert_eq!(store.get(b"c").await.unwrap(), None);
        assert_eq!(store.grant(Duration::from_secs(1)).await.unwrap(), LeaseId(lease.0 + 1));
    });
}

#[test]
fn a_second_server_on_the_same_directory_is_refused() {
    let scratch = filled();
    let first = Embedded::open(scratch.path()).unwrap();
    let error = refused(&scratch);
    assert!(
        matches!(&error, StoreError::Locked { directory } if directory == scratch.path()),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        format!(
            "another server uses `{}`; stop it or name another directory",
            scratch.path().display()
        )
    );
    block_on(async {
        first.commit(Txn::new().put("a", "")).await.unwrap();
        first.close().await.unwrap();
    });
    let second = Embedded::open(scratch.path()).unwrap();
    assert_eq!(block_on(second.revision()).unwrap(), 101);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = filled();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(scratch.path()), 0o700);
    assert_eq!(mode(&scratch.file()), 0o600);
    assert_eq!(mode(&scratch.path().join("lock")), 0o600);
}

/// Spoils the file, and expects a clear refusal that leaves it as it is.
fn check_spoiled(spoil: impl FnOnce(&mut Vec<u8>)) {
    let scratch = filled();
    let mut bytes = fs::read(scratch.file()).unwrap();
    spoil(&mut bytes);
    fs::write(scratch.file(), &bytes).unwrap();
    let error = refused(&scratch);
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&scratch.file().display().to_string()), "{text}");
    assert!(
        text.ends_with("nothing was changed: restore the file from a backup or name another directory"),
        "{text}"
    );
    assert!(fs::read(scratch.file()).unwrap() == bytes, "the file was changed");
}

#[test]
fn a_file_that_is_not_a_store_is_refused() {
    check_spoiled(|bytes| *bytes = b"something else entirely".to_vec());
}

#[test]
fn an_empty_file_is_not_taken_for_a_new_store() {
    check_spoiled(Vec::clear);
}

#[test]
fn a_file_that_was_cut_short_is_refused() {
    check_spoiled(|bytes| bytes.truncate(bytes.len() / 2));
    check_spoiled(|bytes| bytes.truncate(100));
}

#[test]
fn a_spoiled_head_of_the_file_is_refused() {
    check_spoiled(|bytes| bytes[..4096].fill(0));
    check_spoiled(|bytes| bytes[64..320].fill(0xa5));
}

#[test]
fn a_database_of_another_program_is_refused() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path()).unwrap();
    let database = redb::Database::create(scratch.file()).unwrap();
    let write = database.begin_write().unwrap();
    write
        .open_table(redb::TableDefinition::<&str, u64>::new("other"))
        .unwrap();
    write.commit().unwrap();
    drop(database);
    let error = refused(&scratch);
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

#[test]
fn a_store_of_a_newer_version_is_refused() {
    let scratch = filled();
    let database = redb::Database::open(scratch.file()).unwrap();
    let write = database.begin_write().unwrap();
    write
        .open_table(redb::TableDefinition::<&str, u64>::new("meta"))
        .unwrap()
        .insert("format", 2)
        .unwrap();
    write.commit().unwrap();
    drop(database);
    let text = refused(&scratch).to_string();
    assert!(text.contains("its format is 2, this version knows 1"), "{text}");
}

#[test]
fn a_creation_that_was_interrupted_begins_again() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path()).unwrap();
    fs::write(scratch.path().join("store.redb.new"), b"half a store").unwrap();
    let store = Embedded::open(scratch.path()).unwrap();
    assert_eq!(block_on(store.commit(Txn::new().put("a", ""))).unwrap(), 1);
    assert!(!scratch.path().join("store.redb.new").exists());
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let scratch = Scratch::new();
    fs::write(scratch.path(), b"a file").unwrap();
    let error = refused(&scratch);
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
    assert!(
        error.to_string().contains(&scratch.path().display().to_string()),
        "{error}"
    );
    fs::remove_file(scratch.path()).unwrap();
}

/// The variable that makes the next test the child of the one after it.
#[cfg(unix)]
const CHILD: &str = "ROADSTEAD_STORE_TEST_DIRECTORY";

/// Not a test by itself: writes until the file may not grow, printing what was acknowledged.
#[cfg(unix)]
#[test]
#[ignore = "run by a_file_that_may_not_grow_stops_the_store_and_loses_nothing"]
fn writes_until_the_file_may_not_grow() {
    let Ok(directory) = std::env::var(CHILD) else { return };
    let store = Embedded::open(directory).unwrap();
    block_on(async {
        for number in 0.. {
            match store
                .commit(Txn::new().put(format!("k/{number:06}"), vec![7; 4000]))
                .await
            {
                Ok(_) => eprintln!("wrote {number}"),
                Err(error) => {
                    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
                    eprintln!("stopped: {error}");
                    break;
                }
            }
        }
        let later = store.commit(Txn::new().put("later", "")).await;
        assert!(matches!(later, Err(StoreError::Stopped { .. })), "{later:?}");
        eprintln!("later: {}", later.unwrap_err());
    });
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_grow_stops_the_store_and_loses_nothing() {
    let name = "a_file_that_may_not_grow_stops_the_store_and_loses_nothing";
    let scratch = Scratch::new();
    // The limit is 8 MiB in blocks of 512 bytes; without the trap the system would kill the process.
    let output = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16384; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "files::writes_until_the_file_may_not_grow",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD, scratch.path())
        .output();
    let Ok(output) = output else {
        println!("SKIPPED {name}: there is no sh");
        return;
    };
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let acknowledged: Vec<u32> = text
        .lines()
        .filter_map(|line| line.strip_prefix("wrote "))
        .map(|number| number.parse().unwrap())
        .collect();
    assert!(acknowledged.len() > 100, "{text}");
    assert!(
        text.contains("no space left") && text.contains("free some space and start again"),
        "{text}"
    );
    let store = Embedded::open(scratch.path()).unwrap();
    block_on(async {
        for number in acknowledged {
            let entry = store.get(format!("k/{number:06}").as_bytes()).await.unwrap();
            assert_eq!(entry.expect("an acknowledged write is lost").value, vec![7; 4000]);
        }
    });
}
