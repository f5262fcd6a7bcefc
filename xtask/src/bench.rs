//! `cargo xtask bench`: the measurements of the project, each a program of its own built for release.

use crate::{Result, cargo, must};

/// Name, what it measures, and how it is run.
const BENCHES: [(&str, &str, &[&str]); 2] = [
    (
        "server",
        "signed requests against a real server: throughput, latency, CPU, memory, start, stored size",
        &["run", "--release", "--quiet", "--package", "roadstead-load", "--"],
    ),
    (
        "sigv4",
        "the cost of one signature",
        &[
            "test",
            "--release",
            "--quiet",
            "--package",
            "roadstead-wire",
            "--lib",
            "--",
            "cost",
            "--ignored",
            "--nocapture",
        ],
    ),
];

pub fn run(arguments: &[String]) -> Result<()> {
    let wanted = arguments.first().map(String::as_str);
    let mut found = false;
    for (name, what, command) in BENCHES
        .into_iter()
        .filter(|(name, ..)| wanted.is_none_or(|wanted| wanted == *name))
    {
        found = true;
        println!("\n## {name}: {what}\n");
        if name == "server" {
            must(&mut cargo(["build", "--release", "--quiet", "--package", "roadstead"]))?;
        }
        must(&mut cargo(command.iter().copied()))?;
    }
    if found {
        Ok(())
    } else {
        Err(format!("there is no benchmark `{}`", wanted.unwrap_or_default()).into())
    }
}
