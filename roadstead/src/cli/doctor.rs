//! `roadstead doctor`: what tasks need on this host, and what to do where it is missing.

use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

use roadstead::DataDir;
use roadstead_containers::{Docker, OWNER_LABEL, Runtime as _};
use roadstead_kernel::Result;

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grade {
    Good,
    /// Something works less well.
    Warning,
    /// Tasks cannot run.
    Failure,
}

struct Finding {
    grade: Grade,
    what: &'static str,
    found: String,
    advice: Option<String>,
}

/// Prints one line per check; exits non-zero when tasks cannot run.
pub fn run(data_dir: &DataDir) -> Result<ExitCode> {
    let mut findings = super::tokio()?.block_on(engine());
    findings.extend(super::tokio()?.block_on(networks()));
    findings.extend([forwarding(), open_files(), writable(data_dir.path())]);
    for finding in &findings {
        let mark = match finding.grade {
            Grade::Good => "ok  ",
            Grade::Warning => "warn",
            Grade::Failure => "FAIL",
        };
        println!("{mark}  {}: {}", finding.what, finding.found);
        if let Some(advice) = &finding.advice {
            println!("      {advice}");
        }
    }
    let failed = findings.iter().any(|finding| finding.grade == Grade::Failure);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn engine() -> Vec<Finding> {
    let probe = Docker::new("doctor").probe().await;
    let missing = probe.missing.iter().map(|missing| Finding {
        grade: if probe.reachable {
            Grade::Warning
        } else {
            Grade::Failure
        },
        what: "container engine",
        found: format!("{}: {}", missing.what, missing.consequence),
        advice: Some(missing.advice.clone()),
    });
    let answer = Finding {
        grade: Grade::Good,
        what: "container engine",
        found: format!("{} {} at {}", probe.engine, probe.version, probe.endpoint),
        advice: None,
    };
    probe.reachable.then_some(answer).into_iter().chain(missing).collect()
}

/// Whether tasks get interfaces of their own, and whether security groups are enforced.
#[cfg(target_os = "linux")]
async fn networks() -> Vec<Finding> {
    use roadstead_network::Net as _;
    let probe = match roadstead_network::Kernel::new("doctor") {
        Ok(kernel) => kernel.probe().await,
        Err(error) => return vec![no_network(error.to_string(), None)],
    };
    let missing = probe.missing.iter().map(|missing| {
        no_network(
            format!("{}: {}", missing.what, missing.consequence),
            Some(missing.advice.clone()),
        )
    });
    let answer = Finding {
        grade: Grade::Good,
        what: "task networks",
        found: if probe.metadata {
            "tasks get network interfaces of their own, and metadata and credentials at 169.254.170.2"
        } else {
            "tasks get network interfaces of their own"
        }
        .to_owned(),
        advice: None,
    };
    let claims = match (probe.able, roadstead_network::Kernel::new("doctor")) {
        (true, Ok(kernel)) => kernel.claims().await.unwrap_or_default(),
        _ => Vec::new(),
    };
    let used = claims.into_iter().map(|claim| Finding {
        grade: Grade::Good,
        what: "task networks",
        found: format!(
            "{} is in use by {} tasks of the installation `{}`: tasks of others cannot have addresses there",
            claim.block, claim.interfaces, claim.owner
        ),
        advice: Some(format!(
            "If that installation is gone for good, remove its containers with `docker rm -f $(docker ps -aq --filter \
             label={OWNER_LABEL}={})`.",
            claim.owner
        )),
    });
    let answer = probe.able.then_some(answer).into_iter();
    answer
        .chain(missing)
        .chain((!probe.able).then(engines))
        .chain(used)
        .collect()
}

#[cfg(not(target_os = "linux"))]
async fn networks() -> Vec<Finding> {
    let found = "this kernel has no network namespaces";
    let linux = no_network(found.to_owned(), Some("Run Roadstead on Linux.".to_owned()));
    vec![linux, engines()]
}

/// What serves where the host cannot give tasks interfaces.
fn engines() -> Finding {
    no_network(
        "tasks are in networks of the container engine instead: security groups are not enforced, the VPC's resolver \
         does not answer"
            .to_owned(),
        None,
    )
}

fn no_network(found: String, advice: Option<String>) -> Finding {
    Finding {
        grade: Grade::Warning,
        what: "task networks",
        found,
        advice,
    }
}

fn forwarding() -> Finding {
    let on = read("/proc/sys/net/ipv4/ip_forward").is_some_and(|text| text.trim() == "1");
    Finding {
        grade: if on { Grade::Good } else { Grade::Warning },
        what: "IP forwarding",
        found: if on {
            "on"
        } else {
            "off, so tasks cannot reach each other"
        }
        .to_owned(),
        advice: (!on).then(|| "Turn it on with `sysctl -w net.ipv4.ip_forward=1`.".to_owned()),
    }
}

fn open_files() -> Finding {
    const WANTED: u64 = 4096;
    let limits = read("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .unwrap_or_default();
    let soft = line.split_whitespace().next().and_then(|soft| soft.parse::<u64>().ok());
    let enough = soft.is_none_or(|soft| soft >= WANTED);
    Finding {
        grade: if enough { Grade::Good } else { Grade::Warning },
        what: "open files",
        found: soft.map_or_else(|| "no limit".to_owned(), |soft| format!("at most {soft}")),
        advice: (!enough).then(|| format!("Raise the limit to at least {WANTED} with `ulimit -n {WANTED}`.")),
    }
}

/// Whether the data directory can be written to, or is yet to be made.
fn writable(path: &Path) -> Finding {
    let probe = path.join(format!(".doctor-{}", std::process::id()));
    let written = match std::fs::write(&probe, "") {
        Ok(()) => std::fs::remove_file(&probe),
        Err(error) if error.kind() == ErrorKind::NotFound && !path.exists() => Ok(()),
        Err(error) => Err(error),
    };
    Finding {
        grade: if written.is_ok() { Grade::Good } else { Grade::Failure },
        what: "data directory",
        found: match &written {
            Ok(()) => path.display().to_string(),
            Err(error) => format!("{} cannot be written to: {error}", path.display()),
        },
        advice: written
            .is_err()
            .then(|| "Name one that is yours with `--data-dir`.".to_owned()),
    }
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}
