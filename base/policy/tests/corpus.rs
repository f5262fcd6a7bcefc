//! The conformance corpus: every case is a test of its own name, in both evaluators.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    missing_docs,
    dead_code,
    unreachable_pub,
    reason = "tests"
)]

mod support;

use std::process::ExitCode;

/// Understands `--list`, `--exact` and filters as the standard harness does.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let flag = |name: &str| arguments.iter().any(|argument| argument == name);
    let filters: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let wanted = |name: &str| {
        let fits = |filter: &&String| {
            if flag("--exact") {
                name == **filter
            } else {
                name.contains(filter.as_str())
            }
        };
        filters.is_empty() || filters.iter().any(fits)
    };
    let (mut passed, mut failed) = (0, Vec::new());
    for case in support::corpus() {
        let name = format!("{}::{}", case.family, case.id);
        if !wanted(&name) || flag("--ignored") {
            continue;
        }
        if flag("--list") {
            println!("{name}: test");
            continue;
        }
        let [compiled, reference] = case.outcomes();
        if compiled.0 == case.expected && reference == compiled {
            passed += 1;
            if flag("--show-output") || flag("--nocapture") {
                println!("test {name} ... ok");
            }
        } else {
            println!(
                "test {name} ... FAILED: expected {:?}, engine {compiled:?}, reference {reference:?}",
                case.expected
            );
            failed.push(name);
        }
    }
    if flag("--list") {
        return ExitCode::SUCCESS;
    }
    println!("\ntest result: {passed} cases passed, {} failed\n", failed.len());
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
