//! Finds the Docker Engine, and says what it and its host can and cannot do.

use std::path::Path;

use bollard::errors::Error;

use super::error::chain;
use super::group::Groups;
use crate::{Missing, Probe};

/// Where an engine is expected: `DOCKER_HOST`, else the first socket that exists, else Docker's own place.
pub(super) fn usual_endpoint() -> String {
    const USUAL: &str = "/var/run/docker.sock";
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(host) = set("DOCKER_HOST") {
        return host;
    }
    let mut places = vec![USUAL.to_owned()];
    places.extend(set("XDG_RUNTIME_DIR").map(|dir| format!("{dir}/docker.sock")));
    places.extend(set("HOME").map(|home| format!("{home}/.docker/run/docker.sock")));
    let place = places
        .into_iter()
        .find(|place| Path::new(place).exists())
        .unwrap_or_else(|| USUAL.to_owned());
    format!("unix://{place}")
}

/// The file behind a `unix://` endpoint.
fn socket(endpoint: &str) -> Option<&Path> {
    endpoint.strip_prefix("unix://").map(Path::new)
}

pub(super) async fn probe(endpoint: &str, client: Result<&bollard::Docker, Error>) -> Probe {
    let mut probe = Probe {
        reachable: false,
        engine: "Docker Engine".to_owned(),
        version: String::new(),
        api_version: String::new(),
        endpoint: endpoint.to_owned(),
        facts: Vec::new(),
        missing: Vec::new(),
    };
    let client = match client {
        Ok(client) => client,
        Err(error) => {
            probe.missing.push(no_engine(endpoint, &error));
            return probe;
        }
    };
    let info = match client.info().await {
        Ok(info) => info,
        Err(error) => {
            probe.missing.push(no_engine(endpoint, &error));
            return probe;
        }
    };
    probe.reachable = true;
    probe.version = info.server_version.unwrap_or_default();
    let spoken = client.client_version();
    probe.api_version = format!("{}.{}", spoken.major_version, spoken.minor_version);
    if let Ok(version) = client.version().await
        && let Some(platform) = version.platform
        && !platform.name.is_empty()
    {
        probe.engine = platform.name;
    }
    let driver = info.cgroup_driver.as_ref().map(ToString::to_string);
    let shares_limits = Groups::find(
        &format!("probe-{}", std::process::id()),
        endpoint,
        driver.as_deref().unwrap_or_default(),
    )
    .is_some();
    let facts = [
        ("operating system", info.operating_system),
        ("kernel", info.kernel_version),
        ("architecture", info.architecture),
        ("storage driver", info.driver),
        (
            "control groups",
            info.cgroup_version.map(|version| format!("version {version}")),
        ),
        ("cgroup driver", driver),
        (
            "limits of tasks",
            Some(
                if shares_limits {
                    "shared by their containers"
                } else {
                    "set on each container"
                }
                .to_owned(),
            ),
        ),
        ("CPUs", info.ncpu.map(|count| count.to_string())),
        ("memory", info.mem_total.map(|bytes| format!("{bytes} bytes"))),
        (
            "open files granted",
            granted_limit(endpoint, "nofile").map(|limit| limit.to_string()),
        ),
    ];
    probe.facts = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
    if !shares_limits {
        probe.missing.push(Missing {
            what: "the engine does not manage control groups on this host by itself".to_owned(),
            consequence: "the memory and CPU of a task limit each of its containers, not all of them together"
                .to_owned(),
            advice: "run the engine on this host with `native.cgroupdriver=cgroupfs`, and this program as root"
                .to_owned(),
        });
    }
    let abilities = [
        (
            info.memory_limit,
            "memory limits",
            "containers may use more memory than their task definition says",
        ),
        (
            info.swap_limit,
            "swap limits",
            "a container at its memory limit is swapped instead of killed, where there is swap",
        ),
        (info.cpu_shares, "CPU shares", "`cpu` of a container has no effect"),
        (
            info.cpu_cfs_quota,
            "CPU quotas",
            "the CPU limit of a task has no effect",
        ),
        (
            info.ipv4_forwarding,
            "IPv4 forwarding",
            "containers cannot reach each other or the outside over the network",
        ),
    ];
    for (has, what, consequence) in abilities {
        if has == Some(false) {
            probe.missing.push(Missing {
                what: format!("the engine's host has no {what}"),
                consequence: consequence.to_owned(),
                advice: match what {
                    "IPv4 forwarding" => "run `sysctl -w net.ipv4.ip_forward=1`".to_owned(),
                    _ => "enable the memory and cpu control groups of the kernel".to_owned(),
                },
            });
        }
    }
    probe
}

fn no_engine(endpoint: &str, error: &Error) -> Missing {
    let local = socket(endpoint);
    let why = chain(error);
    let advice = if local.is_some_and(|path| !path.exists()) {
        "install Docker (Debian and Ubuntu: `apt-get install docker.io`) and start it (`systemctl start docker`, or \
         `dockerd &`), or set DOCKER_HOST to an engine elsewhere"
            .to_owned()
    } else if why.to_ascii_lowercase().contains("permission denied") {
        "run as root, or add your user to the group `docker` and log in again".to_owned()
    } else if local.is_some() {
        "start the engine (`systemctl start docker`, or `dockerd &`) and look into its log".to_owned()
    } else if endpoint.starts_with("tcp://") || endpoint.starts_with("http://") {
        "check that the engine listens there without TLS, or unset DOCKER_HOST to use the local one".to_owned()
    } else {
        "set DOCKER_HOST to `unix:///path` or `tcp://host:port`; other schemes are not spoken".to_owned()
    };
    Missing {
        what: format!("no container engine answers at {endpoint}: {why}"),
        consequence: "tasks cannot run as real containers".to_owned(),
        advice,
    }
}

/// The process of an engine on this host.
fn engine_process(endpoint: &str) -> Option<u32> {
    socket(endpoint)?;
    let text = std::fs::read_to_string("/var/run/docker.pid").ok()?;
    text.trim().parse().ok()
}

/// Whether the engine runs on this host and sees the same control groups.
pub(super) fn is_here(endpoint: &str) -> bool {
    let group = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/cgroup")).ok();
    engine_process(endpoint)
        .and_then(|process| group(&process.to_string()))
        .is_some_and(|engine| Some(engine) == group("self"))
}

/// The most that a local engine can grant its containers of a resource limit.
pub(super) fn granted_limit(endpoint: &str, name: &str) -> Option<u64> {
    let pid = engine_process(endpoint)?;
    let table = std::fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let title = match name {
        "nofile" => "Max open files",
        "nproc" => "Max processes",
        "core" => "Max core file size",
        "memlock" => "Max locked memory",
        "stack" => "Max stack size",
        "as" => "Max address space",
        "data" => "Max data size",
        "fsize" => "Max file size",
        "cpu" => "Max cpu time",
        "locks" => "Max file locks",
        "sigpending" => "Max pending signals",
        "msgqueue" => "Max msgqueue size",
        "nice" => "Max nice priority",
        "rtprio" => "Max realtime priority",
        "rttime" => "Max realtime timeout",
        "rss" => "Max resident set",
        _ => return None,
    };
    let line = table.lines().find_map(|line| line.strip_prefix(title))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
