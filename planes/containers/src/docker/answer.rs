//! What the Docker Engine says about containers, in this crate's words.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use bollard::models::{
    ContainerBlkioStats, ContainerInspectResponse, ContainerState as DockerState, ContainerStateStatusEnum,
    ContainerStatsResponse, ContainerSummary as DockerSummary, ContainerSummaryStateEnum, EventMessage,
    Health as DockerHealth, HealthStatusEnum, ImageInspect, MountPoint, NetworkSettings,
};
use bytes::Bytes;
use roadstead_core::Timestamp;

use crate::reference::Reference;
use crate::spec::{ContainerId, Labels, PortBinding, Protocol};
use crate::state::{
    Checked, ContainerState, ContainerSummary, Disk, Event, EventKind, Exit, Health, ImageInfo, Mounted, NetworkStats,
    Phase, Stats, Status,
};

pub(super) fn container_state(seen: ContainerInspectResponse) -> ContainerState {
    let config = seen.config.unwrap_or_default();
    let state = seen.state.unwrap_or_default();
    let settings = seen.network_settings.unwrap_or_default();
    let checked = state.health.as_ref().and_then(checked);
    ContainerState {
        id: ContainerId(seen.id.unwrap_or_default()),
        name: seen.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        image: config.image.unwrap_or_default(),
        image_id: seen.image.unwrap_or_default(),
        labels: labels(config.labels),
        status: status(&state),
        pid: state
            .pid
            .and_then(|pid| u32::try_from(pid).ok())
            .filter(|pid| *pid != 0),
        stop_signal: config.stop_signal.filter(|signal| !signal.is_empty()),
        created_at: seen.created.as_deref().and_then(time),
        started_at: state.started_at.as_deref().and_then(time),
        finished_at: state.finished_at.as_deref().and_then(time),
        health: state
            .health
            .and_then(|health| health.status)
            .map_or(Health::None, health),
        checked,
        error: state.error.filter(|text| !text.is_empty()),
        ports: ports(&settings),
        addresses: addresses(&settings),
        mounted: mounted(seen.mounts.unwrap_or_default()),
    }
}

fn checked(health: &DockerHealth) -> Option<Checked> {
    let last = health.log.as_ref()?.last()?;
    Some(Checked {
        exit_code: code(last.exit_code.unwrap_or(0)),
        output: last.output.clone().unwrap_or_default(),
    })
}

fn mounted(points: Vec<MountPoint>) -> Vec<Mounted> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let mut found: Vec<Mounted> = points
        .into_iter()
        .map(|point| Mounted {
            name: given(point.name),
            source: given(point.source),
            destination: point.destination.unwrap_or_default(),
        })
        .collect();
    found.sort_by(|a, b| a.destination.cmp(&b.destination));
    found
}

/// What an inspection with sizes says about disk.
pub(super) fn disk(seen: &ContainerInspectResponse) -> Disk {
    let size = |given: Option<i64>| given.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
    let written = size(seen.size_rw);
    Disk {
        written,
        image: size(seen.size_root_fs).saturating_sub(written),
    }
}

/// A time as the engine writes it; the year 1 stands for "never".
fn time(text: &str) -> Option<Timestamp> {
    Timestamp::parse_iso8601(text).filter(|at| at.millis() > 0)
}

fn labels(map: Option<HashMap<String, String>>) -> Arc<Labels> {
    Arc::new(map.unwrap_or_default().into_iter().collect())
}

fn status(state: &DockerState) -> Status {
    use ContainerStateStatusEnum as Docker;
    match state.status {
        Some(Docker::RUNNING | Docker::PAUSED | Docker::RESTARTING | Docker::STOPPING) => Status::Running,
        Some(Docker::EXITED | Docker::DEAD | Docker::REMOVING) => Status::Exited(exit(state)),
        _ => Status::Created,
    }
}

pub(super) fn status_of(seen: &ContainerInspectResponse) -> Status {
    seen.state.as_ref().map_or(Status::Created, status)
}

pub(super) fn finished(state: &DockerState) -> Option<Timestamp> {
    state.finished_at.as_deref().and_then(time)
}

pub(super) fn exit(state: &DockerState) -> Exit {
    Exit {
        code: code(state.exit_code.unwrap_or(0)),
        oom: state.oom_killed.unwrap_or(false),
    }
}

pub(super) fn code(code: i64) -> i32 {
    i32::try_from(code).unwrap_or(i32::MAX)
}

fn health(status: HealthStatusEnum) -> Health {
    match status {
        HealthStatusEnum::STARTING => Health::Starting,
        HealthStatusEnum::HEALTHY => Health::Healthy,
        HealthStatusEnum::UNHEALTHY => Health::Unhealthy,
        HealthStatusEnum::NONE | HealthStatusEnum::EMPTY => Health::None,
    }
}

fn ports(settings: &NetworkSettings) -> Vec<PortBinding> {
    let mut found = Vec::new();
    for (key, bindings) in settings.ports.iter().flatten() {
        let Some((port, protocol)) = key.split_once('/') else {
            continue;
        };
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => continue,
        };
        let Ok(container_port) = port.parse() else { continue };
        for binding in bindings.iter().flatten() {
            found.push(PortBinding {
                container_port,
                protocol,
                host_ip: binding.host_ip.as_deref().and_then(|ip| ip.parse().ok()),
                host_port: binding.host_port.as_deref().and_then(|port| port.parse().ok()),
            });
        }
    }
    found.sort();
    found
}

fn addresses(settings: &NetworkSettings) -> Vec<IpAddr> {
    let networks = settings.networks.iter().flatten();
    let mut found: Vec<IpAddr> = networks
        .filter_map(|(_, network)| network.ip_address.as_deref()?.parse().ok())
        .collect();
    found.sort();
    found
}

pub(super) fn container_summary(seen: DockerSummary) -> ContainerSummary {
    use ContainerSummaryStateEnum as Docker;
    let name = seen
        .names
        .and_then(|names| names.into_iter().next())
        .unwrap_or_default();
    ContainerSummary {
        id: ContainerId(seen.id.unwrap_or_default()),
        name: name.trim_start_matches('/').to_owned(),
        image: seen.image.unwrap_or_default(),
        labels: labels(seen.labels),
        phase: match seen.state {
            Some(Docker::RUNNING | Docker::PAUSED | Docker::RESTARTING | Docker::STOPPING) => Phase::Running,
            Some(Docker::EXITED | Docker::DEAD | Docker::REMOVING) => Phase::Exited,
            _ => Phase::Created,
        },
    }
}

/// The event, when it is of a kind that is passed on.
pub(super) fn event(seen: EventMessage) -> Option<Event> {
    let actor = seen.actor?;
    let mut attributes = actor.attributes.unwrap_or_default();
    let action = seen.action?;
    let kind = match action.as_str() {
        "start" => EventKind::Started,
        "die" => EventKind::Died {
            code: attributes
                .get("exitCode")
                .and_then(|code| code.parse().ok())
                .unwrap_or(0),
        },
        "oom" => EventKind::Oom,
        "destroy" => EventKind::Destroyed,
        other => match other.strip_prefix("health_status: ")? {
            "healthy" => EventKind::Health(Health::Healthy),
            "unhealthy" => EventKind::Health(Health::Unhealthy),
            "starting" => EventKind::Health(Health::Starting),
            _ => return None,
        },
    };
    // The engine mixes labels with attributes of its own.
    for own in ["image", "name", "exitCode", "execDuration"] {
        attributes.remove(own);
    }
    Some(Event {
        id: ContainerId(actor.id?),
        labels: labels(Some(attributes)),
        at: Timestamp::from_millis(seen.time_nano? / 1_000_000),
        kind,
    })
}

/// Splits the time that the engine wrote in front of a piece of output.
pub(super) fn log_line(message: &Bytes) -> Option<(Timestamp, Bytes)> {
    let space = message.iter().position(|byte| *byte == b' ')?;
    let at = std::str::from_utf8(message.get(..space)?)
        .ok()
        .and_then(Timestamp::parse_iso8601)?;
    Some((at, message.slice(space + 1..)))
}

pub(super) fn image_info(seen: ImageInspect, wanted: &Reference<'_>, pulled: bool) -> ImageInfo {
    let id = seen.id.unwrap_or_default();
    let digests = seen.repo_digests.unwrap_or_default();
    let of_repository = |full: &&String| full.split_once('@').is_some_and(|(name, _)| name == wanted.repository);
    let digest = digests.iter().find(of_repository).or_else(|| digests.first());
    let digest = digest
        .and_then(|full| full.split_once('@'))
        .map_or_else(|| id.clone(), |(_, digest)| digest.to_owned());
    ImageInfo { id, digest, pulled }
}

pub(super) fn stats(seen: ContainerStatsResponse) -> Option<Stats> {
    let at = seen.read.as_deref().and_then(time)?;
    let cpu = seen.cpu_stats.unwrap_or_default();
    let usage = cpu.cpu_usage.unwrap_or_default();
    let memory = seen.memory_stats.unwrap_or_default();
    let block = seen.blkio_stats.unwrap_or_default();
    let networks = seen.networks.unwrap_or_default();
    Some(Stats {
        at,
        cpu_total: usage.total_usage.unwrap_or(0),
        cpu_user: usage.usage_in_usermode.unwrap_or(0),
        cpu_system: usage.usage_in_kernelmode.unwrap_or(0),
        host_cpu_total: cpu.system_cpu_usage.unwrap_or(0),
        online_cpus: cpu.online_cpus.unwrap_or(0),
        memory_usage: memory.usage.unwrap_or(0),
        memory_max: memory.max_usage,
        memory_limit: memory.limit.unwrap_or(0),
        memory_detail: memory.stats.unwrap_or_default().into_iter().collect(),
        pids: seen.pids_stats.and_then(|pids| pids.current).unwrap_or(0),
        block_read: block_bytes(&block, "read"),
        block_write: block_bytes(&block, "write"),
        networks: networks
            .into_iter()
            .map(|(name, seen)| {
                let count = |value: Option<u64>| value.unwrap_or(0);
                let stats = NetworkStats {
                    rx_bytes: count(seen.rx_bytes),
                    rx_packets: count(seen.rx_packets),
                    rx_errors: count(seen.rx_errors),
                    rx_dropped: count(seen.rx_dropped),
                    tx_bytes: count(seen.tx_bytes),
                    tx_packets: count(seen.tx_packets),
                    tx_errors: count(seen.tx_errors),
                    tx_dropped: count(seen.tx_dropped),
                };
                (name, stats)
            })
            .collect(),
    })
}

fn block_bytes(block: &ContainerBlkioStats, operation: &str) -> u64 {
    let entries = block.io_service_bytes_recursive.iter().flatten();
    let of_it = entries.filter(|entry| entry.op.as_deref().is_some_and(|op| op.eq_ignore_ascii_case(operation)));
    of_it.filter_map(|entry| entry.value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_never_is_no_time() {
        assert_eq!(time("0001-01-01T00:00:00Z"), None);
        assert_eq!(
            time("2026-11-23T17:27:02.123456789Z"),
            Some(Timestamp::from_millis(1_795_454_822_123))
        );
    }

    #[test]
    fn the_time_in_front_of_output_is_taken_off() {
        let line = Bytes::from_static(b"2026-11-23T17:27:02.123456789Z hello there\n");
        let (at, rest) = log_line(&line).unwrap();
        assert_eq!(at, Timestamp::from_millis(1_795_454_822_123));
        assert_eq!(rest, "hello there\n");
    }
}
