//! Measures a release build of the server: a user's signed, authorized and audited requests over loopback.
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
    /// Connections for each that was asked for: durable writes share a commit, so many at once tell how many fit.
    times: usize,
    /// What the connections repeat, each one of these in turn.
    calls: Vec<Call>,
}

fn workloads() -> Vec<Workload> {
    let assume = "Action=AssumeRole&Version=2011-06-15&RoleSessionName=load&\
                  RoleArn=arn%3Aaws%3Aiam%3A%3A000000000000%3Arole%2Fload";
    let reading = |name, goal, call| Workload {
        name,
        goal,
        times: 1,
        calls: vec![call],
    };
    vec![
        reading(
            "sts:GetCallerIdentity",
            "≥ 30,000/s, ≤ 0.03 ms",
            Call::form("sts", "Action=GetCallerIdentity&Version=2011-06-15"),
        ),
        reading(
            "ecs:DescribeClusters",
            "≥ 30,000/s, ≤ 0.03 ms",
            ecs("DescribeClusters", "{\"clusters\":[\"load\"]}"),
        ),
        reading(
            "iam:GetRole",
            "",
            Call::form("iam", "Action=GetRole&Version=2010-05-08&RoleName=load"),
        ),
        reading("sts:AssumeRole", "", Call::form("sts", assume)),
        Workload {
            name: REGISTER,
            goal: "≥ 4,000/s, durable",
            times: 8,
            calls: (0..64).map(|number| register(&format!("family-{number}"))).collect(),
        },
        Workload {
            name: "the same, one family",
            goal: "",
            times: 1,
            calls: vec![register("load")],
        },
    ]
}

/// The operation whose records are measured too.
const REGISTER: &str = "ecs:RegisterTaskDefinition";

fn ecs(operation: &'static str, body: &str) -> Call {
    Call::json("ecs", operation, body)
}

fn register(family: &str) -> Call {
    let definition = format!(
        "{{\"family\":\"{family}\",\"containerDefinitions\":[{{\"name\":\"app\",\"image\":\"busybox\",\"memory\":64,\
         \"command\":[\"sleep\",\"3600\"],\"environment\":[{{\"name\":\"A\",\"value\":\"b\"}}]}}]}}"
    );
    ecs("RegisterTaskDefinition", &definition)
}

/// What the workloads need to be there; gives the client that makes them: a user, so that policies are evaluated.
fn prepare(root: &Client) -> Result<Client> {
    let trust = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B\
                 %22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A000000000000%3Aroot%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%7D";
    let policy = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%5B\
                  %22ecs%3ADescribe%2A%22%2C%22ecs%3ARegisterTaskDefinition%22%5D%2C%22Resource%22%3A%22%2A%22%7D%2C%7B\
                  %22Effect%22%3A%22Allow%22%2C%22Action%22%3A%5B%22iam%3AGetRole%22%2C%22sts%3AAssumeRole%22%5D%2C\
                  %22Resource%22%3A%22arn%3Aaws%3Aiam%3A%3A000000000000%3Arole%2Fload%22%7D%5D%7D";
    root.must(&ecs("CreateCluster", "{\"clusterName\":\"load\"}"))?;
    for form in [
        format!("Action=CreateRole&Version=2010-05-08&RoleName=load&AssumeRolePolicyDocument={trust}"),
        "Action=CreateUser&Version=2010-05-08&UserName=load".to_owned(),
        format!("Action=PutUserPolicy&Version=2010-05-08&UserName=load&PolicyName=load&PolicyDocument={policy}"),
    ] {
        root.must(&Call::form("iam", &form))?;
    }
    let key = root.must(&Call::form(
        "iam",
        "Action=CreateAccessKey&Version=2010-05-08&UserName=load",
    ))?;
    root.with_keys_of(&key)
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
    let idle = server.resident()?;
    println!("| idle memory | ≤ 20 MB | {:.1} MB |", megabytes(idle));
    let client = prepare(&Client::new(&server))?;
    println!("\n| operation | goal | connections | requests/s | p50 ms | p99 ms | server CPU ms/request | RSS MB |");
    println!("|---|---|---|---|---|---|---|---|");
    let mut registered = (0, 0);
    for Workload {
        name,
        goal,
        times,
        calls,
    } in workloads()
    {
        for call in &calls {
            client.must(call)?;
        }
        let (size, cpu) = (server.stored()?, server.cpu()?);
        let begin = Instant::now();
        let connections = options.connections * times;
        let load = client.load(&calls, connections, options.time)?;
        let elapsed = begin.elapsed();
        let (cpu, resident) = (server.cpu()?.saturating_sub(cpu), server.resident()?);
        report(name, &format!("{goal} | {connections}"), &load, elapsed, cpu, resident);
        if name == REGISTER {
            registered = (load.count(), server.stored()?.saturating_sub(size));
        }
    }
    let (count, stored) = registered;
    server.restart()?;
    std::thread::sleep(Duration::from_secs(1));
    let resident = server.resident()?.saturating_sub(idle) / count.max(1);
    println!("\n| with {count} task definition revisions | goal | measured |\n|---|---|---|");
    println!("| stored, each | ≤ 2,500 bytes | {} bytes |", stored / count.max(1));
    println!("| in memory after a restart, each | not held twice | {resident} bytes |");
    println!(
        "| start to first answer | ≤ 200 ms | {:.1} ms |",
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
