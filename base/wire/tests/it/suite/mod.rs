//! The protocol suite: every case a server can be held to, through the same codecs as real calls.

mod build;
mod compare;
mod run;
mod xml;

use std::collections::BTreeSet;

use serde_json::Value as Json;

/// Cases that do not pass, one a line with the reason after a tab; the list may only shrink.
const EXCEPTIONS: &str = include_str!("exceptions.txt");
/// How long the list may be: as long as it is.
const MOST_EXCEPTIONS: usize = 13;

/// Runs one file of the suite and holds it to the list.
fn check(file: &str, cases: usize) {
    let name = format!("protocol suite {file}");
    let Some(text) = crate::shared::read(&name, &format!("data/protocol-tests/{file}.json")) else {
        return;
    };
    let suite: Json = serde_json::from_str(&text).unwrap();
    let expected: BTreeSet<&str> = EXCEPTIONS
        .lines()
        .filter_map(|line| line.split('\t').next())
        .filter_map(|id| id.strip_prefix(file)?.strip_prefix('/'))
        .collect();
    let mut failed = Vec::new();
    let mut surprises = Vec::new();
    let mut ran = 0;
    for part in suite["suites"].as_array().unwrap() {
        let context = build::Context::new(file, part);
        for case in part["cases"].as_array().unwrap() {
            ran += 1;
            let id = format!("{}:{}", case["kind"].as_str().unwrap(), case["id"].as_str().unwrap());
            match (run::case(&context, part, case), expected.contains(id.as_str())) {
                (Ok(()), false) | (Err(_), true) => {}
                (Ok(()), true) => surprises.push(id),
                (Err(why), false) => failed.push(format!("{id}: {why}")),
            }
        }
    }
    println!(
        "{file}: {ran} cases, {} failed, {} excepted",
        failed.len(),
        expected.len()
    );
    assert!(
        failed.is_empty(),
        "{} of {ran} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(
        surprises.is_empty(),
        "these pass now, strike them off the list: {surprises:?}"
    );
    assert_eq!(ran, cases, "a case of {file} did not run");
}

#[test]
fn every_exception_has_a_reason_and_the_list_is_short() {
    let lines: Vec<&str> = EXCEPTIONS.lines().collect();
    assert!(lines.len() <= MOST_EXCEPTIONS);
    for line in lines {
        let (_, reason) = line.split_once('\t').expect("an id, a tab and a reason");
        assert!(reason.len() > 10, "{line}");
    }
}

#[test]
fn json_1_0_passes_the_suite() {
    check("awsJson1_0", 47);
}

#[test]
fn json_1_1_passes_the_suite() {
    check("awsJson1_1", 100);
}

#[test]
fn query_passes_the_suite() {
    check("awsQuery", 64);
}

#[test]
fn ec2_query_passes_the_suite() {
    check("ec2Query", 51);
}

#[test]
fn rest_json_passes_the_suite() {
    check("restJson1", 227);
}

#[test]
fn rest_json_refuses_what_is_malformed() {
    check("restJson1-malformed", 654);
}

#[test]
fn rest_xml_passes_the_suite() {
    check("restXml", 161);
}

#[test]
fn cbor_passes_the_suite() {
    check("rpcv2Cbor", 71);
}
