//! Measures a release build of the server: signed, authorized and audited requests over loopback.
//!
//! `roadstead-load [--server PATH] [--seconds N] [--connections N]`, run by `cargo xtask bench server`.

mod client;
mod server;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use client::{Call, Client, Load};
use server::Server;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How much to measure.
struct Options {
    server: PathBuf,
    time: Duration,
    connections: usize,
}

fn main() -> ExitCode {
    match options().and_then(|options| measure(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("roadstead-load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let mut options = Options {
        server: target.join("release/roadstead"),
        time: Duration::from_secs(5),
        connections: 8,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
        match argument.as_str() {
            "--server" => options.server = value.into(),
            "--seconds" => options.time = Duration::from_secs(value.parse()?),
            "--connections" => options.connections = value.parse()?,
            other => return Err(format!("there is no option `{other}`").into()),
        }
    }
    Ok(options)
}

/// A kind of request and how often the server is meant to answer it.
struct Workload {
    name: &'static str,
    goal: &'static str,
    call: Call,
}

fn workloads() -> Vec<Workload> {
    let definition = "{\"family\":\"load\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"busybox\",\"memory\":64,\
                      \"command\":[\"sleep\",\"3600\"],\"environment\":[{\"name\":\"A\",\"value\":\"b\"}]}]}";
    vec![
        Workload {
            name: "sts:GetCallerIdentity",
            goal: "≥ 30,000/s, ≤ 0.03 ms",
            call: Call::form("sts", "Action=GetCallerIdentity&Version=2011-06-15"),
        },
        Workload {
            name: "ecs:DescribeClusters",
            goal: "≥ 30,000/s, ≤ 0.03 ms",
            call: Call::json(
                "ecs",
                "AmazonEC2ContainerServiceV20141113.DescribeClusters",
                "{\"clusters\":[\"load\"]}",
            ),
        },
        Workload {
            name: "iam:GetRole",
            goal: "",
            call: Call::form("iam", "Action=GetRole&Version=2010-05-08&RoleName=load"),
        },
        Workload {
            name: "sts:AssumeRole",
            goal: "",
            call: Call::form(
                "sts",
                "Action=AssumeRole&Version=2011-06-15&RoleSessionName=load&RoleArn=arn%3Aaws%3Aiam%3A%3A000000000000%3Arole%2Fload",
            ),
        },
        Workload {
            name: "ecs:RegisterTaskDefinition",
            goal: "≥ 4,000/s, durable",
            call: Call::json(
                "ecs",
                "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition",
                definition,
            ),
        },
    ]
}

/// What the workloads need to be there.
fn prepare(client: &Client) -> Result<()> {
    let trust = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B\
                 %22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A000000000000%3Aroot%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%7D";
    client.must(&Call::json(
        "ecs",
        "AmazonEC2ContainerServiceV20141113.CreateCluster",
        "{\"clusterName\":\"load\"}",
    ))?;
    let role = format!("Action=CreateRole&Version=2010-05-08&RoleName=load&AssumeRolePolicyDocument={trust}");
    client.must(&Call::form("iam", &role))
}

fn measure(options: &Options) -> Result<()> {
    println!("| what | goal | measured |\n|---|---|---|");
    let mut server = Server::start(&options.server)?;
    println!(
        "| start to first answer, empty directory | ≤ 30 ms | {:.1} ms |",
        millis(server.first_answer)
    );
    // Nothing happens on its own that would take longer than this.
    std::thread::sleep(Duration::from_secs(1));
    println!("| idle memory | ≤ 20 MB | {:.1} MB |", megabytes(server.resident()?));
    let client = Client::new(&server);
    prepare(&client)?;
    println!(
        "\n| operation, {} connections | goal | requests/s | p50 ms | p99 ms | server CPU ms/request | RSS MB |",
        options.connections
    );
    println!("|---|---|---|---|---|---|---|");
    let mut registered = (0_u64, 0_u64, 0_u64);
    for Workload { name, goal, call } in workloads() {
        client.must(&call)?;
        let (size, memory, cpu) = (server.stored()?, server.resident()?, server.cpu()?);
        let begin = Instant::now();
        let load = client.load(&call, options.connections, options.time)?;
        let elapsed = begin.elapsed();
        let (cpu, resident) = (server.cpu()?.saturating_sub(cpu), server.resident()?);
        report(name, goal, &load, elapsed, cpu, resident);
        if name == "ecs:RegisterTaskDefinition" {
            registered = (
                load.count(),
                server.stored()?.saturating_sub(size),
                resident.saturating_sub(memory),
            );
        }
    }
    let (count, stored, resident) = registered;
    if count > 0 {
        println!("\n| per task definition revision ({count} of them) | goal | measured |\n|---|---|---|");
        println!("| stored | ≤ 2,500 bytes | {} bytes |", stored / count);
        println!("| in memory | not held twice | {} bytes |", resident / count);
    }
    server.restart()?;
    println!(
        "| start with those records | ≤ 200 ms | {:.1} ms |",
        millis(server.first_answer)
    );
    server.stop()
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn report(name: &str, goal: &str, load: &Load, elapsed: Duration, cpu: Duration, resident: u64) {
    let count = load.count().max(1) as f64;
    println!(
        "| {name} | {goal} | {:.0} | {:.3} | {:.3} | {:.4} | {:.1} |",
        count / elapsed.as_secs_f64(),
        millis(load.percentile(50)),
        millis(load.percentile(99)),
        millis(cpu) / count,
        megabytes(resident),
    );
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
