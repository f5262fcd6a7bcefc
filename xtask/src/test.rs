//! `cargo xtask test`: everything that must hold, counted to the last skip.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::{Result, cargo, conformance, coverage, must};

const PARTS: [&str; 5] = ["fmt", "clippy", "tests", "coverage", "conformance"];

/// What passed, what failed by name, what was skipped by name and why.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: usize,
    pub failed: Vec<String>,
    pub skipped: Vec<(String, String)>,
}

impl Tally {
    /// One check that passed or failed as a whole.
    pub fn of(name: &str, outcome: Result<()>) -> Self {
        let mut tally = Self::default();
        match outcome {
            Ok(()) => tally.passed = 1,
            Err(error) => {
                eprintln!("{name}: {error}");
                tally.failed.push(name.to_owned());
            }
        }
        tally
    }

    /// A check that could not be made: a skip, or where nobody would look at it (`CI=true`) a failure.
    pub fn not_possible(name: &str, why: &str) -> Self {
        let mut tally = Self::default();
        if crate::env::is_ci() {
            eprintln!("{name}: {why}");
            tally.failed.push(name.to_owned());
        } else {
            tally.skipped.push((name.to_owned(), why.to_owned()));
        }
        tally
    }

    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
        self.skipped.extend(other.skipped);
    }

    /// The skips and failures by name, then the one line that sums up.
    fn summary(&self) -> String {
        let mut lines = Vec::new();
        for (name, why) in &self.skipped {
            lines.push(format!("SKIPPED {name}: {why}"));
        }
        for name in &self.failed {
            lines.push(format!("FAILED {name}"));
        }
        let (failed, skipped) = (self.failed.len(), self.skipped.len());
        lines.push(format!("{} passed, {failed} failed, {skipped} skipped", self.passed));
        lines.join("\n")
    }
}

pub fn run(arguments: &[String]) -> Result<()> {
    let mut parts: Vec<&str> = PARTS.to_vec();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--fast" => parts.retain(|part| *part != "conformance"),
            "--only" => {
                let wanted = rest.next().map(String::as_str).unwrap_or_default();
                if !PARTS.contains(&wanted) {
                    return Err(format!("--only takes one of {}", PARTS.join(", ")).into());
                }
                parts.retain(|part| *part == wanted);
            }
            other => return Err(format!("there is no option `{other}`").into()),
        }
    }
    let mut tally = Tally::default();
    // Some crates test against a real engine; the conformance suite counts its absence.
    let engine = parts.contains(&"tests").then(crate::env::engine);
    if let Some(Err(error)) = &engine {
        eprintln!("no container engine: {error}");
    }
    for part in parts {
        println!("== {part}");
        tally.add(match part {
            "fmt" => Tally::of(part, crate::fmt::run(true)),
            "clippy" => Tally::of(part, clippy()),
            "tests" => tests()?,
            "coverage" => Tally::of(part, coverage::run(&["--check".to_owned()])),
            _ => conformance::tally(&[])?,
        });
    }
    println!("\n{}", tally.summary());
    if tally.failed.is_empty() {
        Ok(())
    } else {
        Err("something does not hold; see above".into())
    }
}

fn clippy() -> Result<()> {
    must(&mut cargo([
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))
}

/// Unit, property, integration and documentation tests of the whole workspace.
fn tests() -> Result<Tally> {
    let mut child = cargo(["test", "--workspace", "--no-fail-fast", "--", "--show-output"])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut reading = Reading::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            if let Some(echo) = reading.line(&line?) {
                println!("{echo}");
            }
        }
    }
    let status = child.wait()?;
    let mut tally = reading.tally;
    if !status.success() && tally.failed.is_empty() {
        tally.failed.push(format!("cargo test ({status})"));
    }
    Ok(tally)
}

/// Reads what test programs print, and keeps what a person wants to see of it.
#[derive(Default)]
struct Reading {
    tally: Tally,
    /// Within the output of tests that passed: the test whose output it is.
    passing: Option<String>,
}

impl Reading {
    /// Takes one line; gives it back when it is worth showing.
    fn line<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        if let Some(why) = line.strip_prefix("SKIPPED ") {
            let (name, why) = why.split_once(": ").unwrap_or((why, "no reason given"));
            // The test passed only in name when it skipped itself.
            if self
                .passing
                .as_deref()
                .is_some_and(|test| test.rsplit("::").next() == Some(name))
            {
                self.tally.passed = self.tally.passed.saturating_sub(1);
            }
            self.tally.skipped.push((name.to_owned(), why.to_owned()));
            return None;
        }
        if line == "successes:" {
            self.passing = Some(String::new());
            return None;
        }
        if line == "failures:" || line.starts_with("test result:") {
            self.passing = None;
            return line.starts_with('f').then_some(line);
        }
        if let Some(passing) = &mut self.passing {
            if let Some(test) = line
                .strip_prefix("---- ")
                .and_then(|rest| rest.strip_suffix(" stdout ----"))
            {
                test.clone_into(passing);
            }
            return None;
        }
        let Some((name, outcome)) = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... ")) else {
            return (!line.is_empty() && !line.starts_with("running ")).then_some(line);
        };
        match outcome.split_once(", ").unwrap_or((outcome, "ignored")) {
            ("ok", _) => self.tally.passed += 1,
            ("ignored", why) => self.tally.skipped.push((name.to_owned(), why.to_owned())),
            _ => {
                self.tally.failed.push(name.to_owned());
                return Some(line);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Reading, Tally};

    const OUTPUT: &str = "
running 5 tests
test a::cluster_is_made ... ok
test a::suite_runs ... ok
test a::role_is_kept ... FAILED
test a::cost ... ignored, a measurement
test a::many_cases_run ... ok

successes:

---- a::suite_runs stdout ----
SKIPPED suite_runs: the shared data is not there
---- a::many_cases_run stdout ----
SKIPPED one_case: needs an engine
test of something ... ok

successes:
    a::cluster_is_made

failures:

---- a::role_is_kept stdout ----
thread panicked

failures:
    a::role_is_kept

test result: FAILED. 3 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn passed_failed_and_skipped_tests_are_told_apart() {
        let mut reading = Reading::default();
        let shown: Vec<&str> = OUTPUT.lines().filter_map(|line| reading.line(line)).collect();
        let skip = |name: &str, why: &str| (name.to_owned(), why.to_owned());
        assert_eq!(
            reading.tally,
            Tally {
                passed: 2,
                failed: vec!["a::role_is_kept".to_owned()],
                skipped: vec![
                    skip("a::cost", "a measurement"),
                    skip("suite_runs", "the shared data is not there"),
                    skip("one_case", "needs an engine"),
                ],
            }
        );
        assert!(shown.contains(&"thread panicked"));
        assert!(!shown.iter().any(|line| line.ends_with("ok")));
    }

    #[test]
    fn the_last_line_of_the_summary_is_the_count_alone() {
        let tally = Tally {
            passed: 2,
            failed: vec!["x".into()],
            skipped: vec![("y".into(), "why".into())],
        };
        assert_eq!(
            tally.summary(),
            "SKIPPED y: why\nFAILED x\n2 passed, 1 failed, 1 skipped"
        );
    }
}
