//! Packs facts about AWS into `data/`: managed policies (an index, and documents in deflated blocks), the services with
//! linked roles, and every action by name.
//!
//! `cargo run -p roadstead-iam --example pack_data -- <managed-policies.jsonl> <slr_catalog.json> <actions-all.jsonl>`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a tool that stops at the first problem"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::Value;

/// Documents share a block until it has this many bytes before compression.
const BLOCK: usize = 64 * 1024;
/// The order of keys in which documents are served.
const ORDER: [&str; 11] = [
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

fn main() {
    let mut args = std::env::args().skip(1);
    let policies = std::fs::read_to_string(args.next().expect("the policies")).unwrap();
    let catalogue = std::fs::read_to_string(args.next().expect("the catalogue")).unwrap();
    let actions = std::fs::read_to_string(args.next().expect("the actions")).unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    pack_policies(&policies, &data);
    reduce_catalogue(&catalogue, &data);
    pack_actions(&actions, &data);
}

fn pack_policies(lines: &str, data: &Path) {
    let mut rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    rows.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    let (mut index, mut packed, mut block, mut members) = (String::new(), Vec::new(), String::new(), Vec::new());
    for row in &rows {
        let document = document(&row["document"]);
        members.push((row, block.len(), document.len()));
        block.push_str(&document);
        if block.len() >= BLOCK {
            flush(&mut index, &mut packed, &mut block, &mut members);
        }
    }
    flush(&mut index, &mut packed, &mut block, &mut members);
    std::fs::write(data.join("managed-policies.tsv"), index).unwrap();
    std::fs::write(data.join("managed-policies.deflate"), packed).unwrap();
}

fn flush(index: &mut String, packed: &mut Vec<u8>, block: &mut String, members: &mut Vec<(&Value, usize, usize)>) {
    let start = packed.len();
    let mut encoder = DeflateEncoder::new(&mut *packed, Compression::best());
    encoder.write_all(block.as_bytes()).unwrap();
    encoder.finish().unwrap();
    let end = packed.len();
    for (row, at, len) in members.drain(..) {
        let text = |name: &str| row[name].as_str().unwrap();
        let (name, path, version) = (text("name"), text("path"), text("default_version"));
        let (created, updated) = (text("create_date"), text("update_date"));
        writeln!(
            index,
            "{name}\t{path}\t{version}\t{created}\t{updated}\t{start}\t{end}\t{at}\t{len}"
        )
        .unwrap();
    }
    block.clear();
}

fn document(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort_by_key(|key| ORDER.iter().position(|known| known == key).unwrap_or(ORDER.len()));
            let members: Vec<String> = keys
                .iter()
                .map(|key| format!("{}:{}", Value::from(key.as_str()), document(&members[*key])))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(document).collect::<Vec<_>>().join(",")),
        plain => plain.to_string(),
    }
}

fn reduce_catalogue(json: &str, data: &Path) {
    let catalogue: Value = serde_json::from_str(json).unwrap();
    let mut table = String::new();
    for (principal, facts) in catalogue.as_object().unwrap() {
        let suffix = match facts["suffix_allowed"].as_bool() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        };
        let policies: Vec<&str> = facts["policy_arns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|arn| name_of(arn.as_str().unwrap()))
            .collect();
        writeln!(
            table,
            "{principal}\t{}\t{suffix}\t{}",
            facts["role_name"].as_str().unwrap(),
            policies.join(",")
        )
        .unwrap();
    }
    std::fs::write(data.join("linked-roles.tsv"), table).unwrap();
}

fn name_of(arn: &str) -> &str {
    arn.strip_prefix("arn:aws:iam::aws:policy/aws-service-role/")
        .expect("policies of linked roles share a path")
}

fn pack_actions(lines: &str, data: &Path) {
    let mut rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    rows.sort_by(|a, b| a["service"].as_str().cmp(&b["service"].as_str()));
    let mut table = String::new();
    for row in &rows {
        let levels = row["actions"].as_object().unwrap().values();
        let names = levels
            .flat_map(|names| names.as_array().unwrap())
            .map(|name| name.as_str().unwrap());
        let names: BTreeSet<&str> = names.collect();
        let (service, name) = (row["service"].as_str().unwrap(), row["name"].as_str().unwrap());
        writeln!(
            table,
            "{service}\t{name}\t{}",
            names.into_iter().collect::<Vec<_>>().join(",")
        )
        .unwrap();
    }
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(table.as_bytes()).unwrap();
    std::fs::write(data.join("actions.deflate"), encoder.finish().unwrap()).unwrap();
}
