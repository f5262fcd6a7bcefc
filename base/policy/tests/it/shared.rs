//! Tests over the shared data sets, when they are there.

use std::path::{Path, PathBuf};

use roadstead_policy::{Document, Kind, PolicyLabel, PolicyType, Program, validate};
use serde_json::Value;

#[path = "../../../../xtask/src/sar.rs"]
mod sar;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn shared(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ROADSTEAD_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let found = folder.join("data").is_dir();
    if !found {
        println!("SKIPPED {test}: there is no shared data at {}", folder.display());
    }
    found.then_some(folder)
}

#[test]
fn every_managed_policy_parses_validates_compiles_and_keeps_its_text() {
    let Some(shared) = shared("every_managed_policy_parses_validates_compiles_and_keeps_its_text") else {
        return;
    };
    let lines = std::fs::read_to_string(shared.join("data/managed-policies.jsonl")).unwrap();
    let (mut seen, mut largest, mut refused) = (0, 0.0_f64, Vec::new());
    for line in lines.lines() {
        let policy: Value = serde_json::from_str(line).unwrap();
        let name = policy["name"].as_str().unwrap();
        // The member's text itself: a JSON map could have changed its order.
        let start = line.find("\"document\":").unwrap() + "\"document\":".len();
        let mut depth = 0;
        let end = line[start..].char_indices().find(|(_, c)| {
            depth += match c {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            depth == 0
        });
        let text = &line[start..=start + end.unwrap().0];
        let document = Document::parse(text).unwrap_or_else(|error| panic!("{name}: {}", error.detail));
        assert_eq!(document.to_json(), text, "{name} is printed differently");
        for kind in [Kind::Identity, Kind::Boundary, Kind::Session] {
            if let Err(error) = validate(&document, kind) {
                refused.push(format!("{name} is stored by AWS, but: {error} ({})", error.detail));
            }
        }
        let program = Program::compile(&document, PolicyLabel::new(PolicyType::Identity, "p"));
        if text.len() >= 200 {
            #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
            let ratio = program.memory_bytes() as f64 / text.len() as f64;
            largest = largest.max(ratio);
            assert!(ratio <= 4.0, "{name} takes {ratio:.2} times its text");
        }
        seen += 1;
    }
    assert_eq!(refused, [""; 0]);
    assert_eq!(seen, 1582);
    println!("{seen} policies; at most {largest:.2} bytes of program per byte of text");
}

#[test]
fn the_corpus_here_is_the_shared_one() {
    let Some(shared) = shared("the_corpus_here_is_the_shared_one") else {
        return;
    };
    let theirs = std::fs::read_to_string(shared.join("data/policy-corpus.jsonl")).unwrap();
    assert!(
        theirs == include_str!("../data/policy-corpus.jsonl"),
        "copy data/policy-corpus.jsonl again"
    );
}

#[test]
fn the_generated_tables_are_what_the_models_give() {
    for (name, source) in sar::sources(&root().join("models/sar")).unwrap() {
        let committed = std::fs::read_to_string(root().join("base/policy/src/generated").join(name)).unwrap();
        assert!(committed == source, "generated/{name} is stale: run `cargo xtask sar`");
    }
}

#[test]
fn the_models_are_what_the_shared_data_gives() {
    let Some(shared) = shared("the_models_are_what_the_shared_data_gives") else {
        return;
    };
    let fresh = std::env::temp_dir().join(format!("roadstead-sar-{}", std::process::id()));
    sar::reduce(&shared, &fresh).unwrap();
    let mut files: Vec<PathBuf> = vec!["names.json".into()];
    for folder in ["services", "operations"] {
        let names = std::fs::read_dir(fresh.join(folder)).unwrap();
        files.extend(names.map(|entry| Path::new(folder).join(entry.unwrap().file_name())));
    }
    for file in files {
        let (new, old) = (
            std::fs::read(fresh.join(&file)).unwrap(),
            std::fs::read(root().join("models/sar").join(&file)),
        );
        assert!(
            old.is_ok_and(|old| old == new),
            "models/sar/{} is stale",
            file.display()
        );
    }
    std::fs::remove_dir_all(&fresh).unwrap();
}
