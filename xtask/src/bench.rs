//! `cargo xtask bench`: the measurements of the project, each a program of its own built for release.

use crate::{Result, cargo, must};

/// Name, what it measures, and how it is run.
type Bench = (&'static str, &'static str, &'static [&'static str]);

const BENCHES: [Bench; 14] = [
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
    (
        "accessed",
        "the cost of noting who attempted what",
        &[
            "test",
            "--release",
            "--quiet",
            "--package",
            "roadstead-kernel",
            "--lib",
            "--",
            "cost",
            "--ignored",
            "--nocapture",
        ],
    ),
    (
        "policy",
        "decisions and compilation, next to the reference evaluator",
        &["bench", "-q", "-p", "roadstead-policy", "--bench", "decide"],
    ),
    (
        "cedar",
        "the same decisions by cedar-policy",
        &[
            "run",
            "--release",
            "--quiet",
            "--manifest-path",
            "benches/policy-cedar/Cargo.toml",
        ],
    ),
    (
        "commits",
        "durable small writes by 64 writers, next to plain redb",
        &["bench", "-q", "-p", "roadstead-store", "--bench", "commits"],
    ),
    (
        "reads",
        "point reads and listings of 100,000 records",
        &["bench", "-q", "-p", "roadstead-store", "--bench", "reads"],
    ),
    (
        "kill9",
        "200 kills under write load: nothing acknowledged is lost",
        &["bench", "-q", "-p", "roadstead-store", "--bench", "kill9"],
    ),
    (
        "placement",
        "100,000 tasks placed on 2,000 container instances",
        &[
            "test",
            "--release",
            "--quiet",
            "--package",
            "roadstead-ecs",
            "--lib",
            "--",
            "cost_of_a_hundred_thousand_placements",
            "--ignored",
            "--nocapture",
        ],
    ),
    (
        "containers",
        "creating and starting a container",
        &["bench", "-q", "-p", "roadstead-containers", "--bench", "start"],
    ),
    (
        "interface",
        "a task's network interface: the role's part, the kernel's part, the whole",
        &["bench", "-q", "-p", "roadstead-ecs", "--bench", "interface"],
    ),
    (
        "service",
        "a service of 1,000 tasks with simulated containers, until it is steady",
        &["bench", "-q", "-p", "roadstead-ecs", "--bench", "service"],
    ),
    (
        "memory",
        "100,000 tasks of RunTask with simulated containers: the memory of each, and the time from first to last",
        &["bench", "-q", "-p", "roadstead-ecs", "--bench", "memory", "--"],
    ),
    (
        "tasks",
        "RunTask until RUNNING on a real engine, next to the same made directly; StopTask until it answers",
        &["bench", "-q", "-p", "roadstead-ecs", "--bench", "run_task"],
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
        must(cargo(command.iter().copied()).args(arguments.iter().skip(1)))?;
    }
    if found {
        Ok(())
    } else {
        Err(format!("there is no benchmark `{}`", wanted.unwrap_or_default()).into())
    }
}
