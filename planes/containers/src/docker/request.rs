//! A container's specification in the Docker Engine's own form.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, DeviceMapping, HealthConfig, HostConfig, HostConfigLogConfig, PortBinding as DockerPort,
    ResourcesUlimits,
};

use crate::spec::{ContainerSpec, HealthCheck, LogMode, Mount, MountSource, Namespace, Network, PortBinding, Protocol};
use crate::{OWNER_LABEL, RuntimeError};

/// The body of a create request for `spec`, marked as made by `owner`.
pub(super) fn create_body(spec: ContainerSpec, owner: &str) -> Result<ContainerCreateBody, RuntimeError> {
    check_network(&spec)?;
    let host = host_config(&spec)?;
    let exposed = match &spec.network {
        Network::Bridge { ports } => some(ports.iter().map(port_key).collect()),
        _ => None,
    };
    let mut labels: HashMap<String, String> = spec.labels.into_iter().collect();
    labels.insert(OWNER_LABEL.to_owned(), owner.to_owned());
    Ok(ContainerCreateBody {
        image: Some(spec.image),
        entrypoint: spec.entrypoint,
        cmd: spec.command,
        env: some(
            spec.env
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        ),
        labels: Some(labels),
        user: spec.user,
        working_dir: spec.workdir,
        hostname: spec.hostname,
        tty: Some(spec.tty),
        open_stdin: Some(spec.interactive),
        exposed_ports: exposed,
        healthcheck: spec.health_check.as_ref().map(health_config),
        stop_signal: spec.stop_signal,
        host_config: Some(host),
        ..ContainerCreateBody::default()
    })
}

/// Refuses what the engine would refuse only after it made half of the container, or silently ignore.
fn check_network(spec: &ContainerSpec) -> Result<(), RuntimeError> {
    let given = !spec.dns_servers.is_empty() || !spec.dns_search.is_empty();
    match &spec.network {
        Network::Container(_) if given => Err(invalid("conflicting options: dns and the network mode")),
        Network::Container(_) if spec.hostname.is_some() => {
            Err(invalid("conflicting options: hostname and the network mode"))
        }
        Network::Container(_) if !spec.extra_hosts.is_empty() => Err(invalid(
            "conflicting options: custom host-to-IP mapping and the network mode",
        )),
        Network::Bridge { .. } => Ok(()),
        _ if !spec.links.is_empty() => Err(invalid("conflicting options: links and the network mode")),
        _ => Ok(()),
    }
}

fn invalid(text: &str) -> RuntimeError {
    RuntimeError::InvalidSpec(text.to_owned())
}

fn host_config(spec: &ContainerSpec) -> Result<HostConfig, RuntimeError> {
    let linux = &spec.linux;
    Ok(HostConfig {
        memory: spec.memory.map(signed),
        memory_reservation: spec.memory_reservation.map(signed),
        memory_swap: linux.memory_swap,
        memory_swappiness: linux.swappiness,
        cpu_shares: spec.cpu_shares.map(signed),
        nano_cpus: spec.nano_cpus.map(signed),
        cgroup_parent: spec.cgroup_parent.clone(),
        binds: some(binds(&spec.mounts)?),
        tmpfs: some_map(spec.mounts.iter().filter_map(tmpfs).collect()),
        volumes_from: some(
            spec.volumes_from
                .iter()
                .map(|from| format!("{}:{}", from.container, if from.read_only { "ro" } else { "rw" }))
                .collect(),
        ),
        network_mode: Some(match &spec.network {
            Network::None => "none".to_owned(),
            Network::Bridge { .. } => "bridge".to_owned(),
            Network::Host => "host".to_owned(),
            Network::Container(id) => format!("container:{id}"),
        }),
        port_bindings: match &spec.network {
            Network::Bridge { ports } => some_map(port_map(ports)),
            _ => None,
        },
        pid_mode: spec.pid.as_ref().map(namespace),
        ipc_mode: spec.ipc.as_ref().map(namespace),
        dns: some(spec.dns_servers.clone()),
        dns_search: some(spec.dns_search.clone()),
        extra_hosts: some(
            spec.extra_hosts
                .iter()
                .map(|(name, address)| format!("{name}:{address}"))
                .collect(),
        ),
        links: some(spec.links.iter().map(|(id, name)| format!("{id}:{name}")).collect()),
        cap_add: some(linux.cap_add.clone()),
        cap_drop: some(linux.cap_drop.clone()),
        init: linux.init,
        shm_size: linux.shm_size.map(signed),
        sysctls: some_map(
            linux
                .sysctls
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        ),
        devices: some(
            linux
                .devices
                .iter()
                .map(|device| DeviceMapping {
                    path_on_host: Some(device.host_path.clone()),
                    path_in_container: Some(device.container_path.clone()),
                    cgroup_permissions: Some(device.permissions.clone()),
                })
                .collect(),
        ),
        ulimits: some(
            spec.ulimits
                .iter()
                .map(|limit| ResourcesUlimits {
                    name: Some(limit.name.clone()),
                    soft: Some(limit.soft),
                    hard: Some(limit.hard),
                })
                .collect(),
        ),
        privileged: Some(spec.privileged),
        readonly_rootfs: Some(spec.readonly_rootfs),
        security_opt: some(spec.security_options.clone()),
        log_config: Some(log_config(spec.log)),
        ..HostConfig::default()
    })
}

fn binds(mounts: &[Mount]) -> Result<Vec<String>, RuntimeError> {
    let mut binds = Vec::new();
    for mount in mounts {
        let source = match &mount.source {
            MountSource::Bind { host_path } => host_path,
            MountSource::Volume { name } => name,
            MountSource::Tmpfs { .. } => continue,
        };
        if source.contains(':') || mount.target.contains(':') {
            return Err(RuntimeError::InvalidSpec(format!(
                "a mount with a colon in `{source}` or `{}` cannot be expressed",
                mount.target
            )));
        }
        let mode = if mount.read_only { ":ro" } else { "" };
        binds.push(format!("{source}:{}{mode}", mount.target));
    }
    Ok(binds)
}

fn tmpfs(mount: &Mount) -> Option<(String, String)> {
    let MountSource::Tmpfs { size, options } = &mount.source else {
        return None;
    };
    let mut words = options.clone();
    if mount.read_only {
        words.push("ro".to_owned());
    }
    if let Some(size) = size {
        words.push(format!("size={size}"));
    }
    Some((mount.target.clone(), words.join(",")))
}

fn port_key(port: &PortBinding) -> String {
    let protocol = match port.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    format!("{}/{protocol}", port.container_port)
}

fn port_map(ports: &[PortBinding]) -> HashMap<String, Option<Vec<DockerPort>>> {
    let mut map: HashMap<String, Option<Vec<DockerPort>>> = HashMap::new();
    for port in ports {
        map.entry(port_key(port))
            .or_default()
            .get_or_insert_default()
            .push(DockerPort {
                host_ip: port.host_ip.map(|ip| ip.to_string()),
                host_port: port.host_port.map(|port| port.to_string()),
            });
    }
    map
}

fn namespace(namespace: &Namespace) -> String {
    match namespace {
        Namespace::Host => "host".to_owned(),
        Namespace::Container(id) => format!("container:{id}"),
        Namespace::Shareable => "shareable".to_owned(),
        Namespace::None => "none".to_owned(),
    }
}

fn health_config(check: &HealthCheck) -> HealthConfig {
    HealthConfig {
        test: Some(check.test.clone()),
        interval: Some(nanos(check.interval)),
        timeout: Some(nanos(check.timeout)),
        start_period: Some(nanos(check.start_period)),
        retries: Some(i64::from(check.retries)),
        start_interval: None,
    }
}

fn log_config(mode: LogMode) -> HostConfigLogConfig {
    let (driver, options) = match mode {
        LogMode::Keep => ("json-file", None),
        // Two files: when the first is full it becomes the second, so between half and all of the size is kept.
        LogMode::KeepAtMost(bytes) => {
            let half = (bytes / 2).max(1);
            let options = [("max-size", half.to_string()), ("max-file", "2".to_owned())];
            (
                "json-file",
                Some(options.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
            )
        }
        LogMode::Discard => ("none", None),
    };
    HostConfigLogConfig {
        typ: Some(driver.to_owned()),
        config: options,
    }
}

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn some_map<K, V>(map: HashMap<K, V>) -> Option<HashMap<K, V>> {
    (!map.is_empty()).then_some(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{ContainerId, Device, LinuxParameters, VolumesFrom};

    #[test]
    fn each_setting_has_its_place_in_the_request() {
        let id = |text: &str| ContainerId(text.to_owned());
        let spec = ContainerSpec {
            name: "a".to_owned(),
            privileged: true,
            security_options: vec!["no-new-privileges".to_owned()],
            linux: LinuxParameters {
                memory_swap: Some(7),
                swappiness: Some(9),
                devices: vec![Device {
                    host_path: "/dev/fuse".to_owned(),
                    container_path: "/dev/f".to_owned(),
                    permissions: "rw".to_owned(),
                }],
                sysctls: [("net.core.somaxconn".to_owned(), "1".to_owned())].into(),
                ..LinuxParameters::default()
            },
            volumes_from: vec![VolumesFrom {
                container: id("source"),
                read_only: true,
            }],
            network: Network::Bridge { ports: Vec::new() },
            links: vec![(id("other"), "db".to_owned())],
            pid: Some(Namespace::Container(id("holder"))),
            ipc: Some(Namespace::Shareable),
            extra_hosts: vec![("h".to_owned(), "192.0.2.1".to_owned())],
            cgroup_parent: Some("/ecs-x/y".to_owned()),
            stop_signal: Some("SIGINT".to_owned()),
            ..ContainerSpec::default()
        };
        let body = create_body(spec, "owner").unwrap();
        assert_eq!(body.stop_signal.as_deref(), Some("SIGINT"));
        let host = body.host_config.unwrap();
        assert_eq!(host.privileged, Some(true));
        assert_eq!(host.security_opt, Some(vec!["no-new-privileges".to_owned()]));
        assert_eq!((host.memory_swap, host.memory_swappiness), (Some(7), Some(9)));
        let device = &host.devices.unwrap()[0];
        assert_eq!(
            (device.path_on_host.as_deref(), device.path_in_container.as_deref()),
            (Some("/dev/fuse"), Some("/dev/f"))
        );
        assert_eq!(host.sysctls.unwrap()["net.core.somaxconn"], "1");
        assert_eq!(host.volumes_from, Some(vec!["source:ro".to_owned()]));
        assert_eq!(host.links, Some(vec!["other:db".to_owned()]));
        assert_eq!(
            (host.pid_mode.as_deref(), host.ipc_mode.as_deref()),
            (Some("container:holder"), Some("shareable"))
        );
        assert_eq!(host.extra_hosts, Some(vec!["h:192.0.2.1".to_owned()]));
        assert_eq!(host.cgroup_parent.as_deref(), Some("/ecs-x/y"));
    }

    #[test]
    fn links_need_the_engines_bridge() {
        for network in [
            Network::None,
            Network::Host,
            Network::Container(ContainerId("x".to_owned())),
        ] {
            let spec = ContainerSpec {
                network,
                links: vec![(ContainerId("other".to_owned()), "db".to_owned())],
                ..ContainerSpec::default()
            };
            assert!(matches!(create_body(spec, "owner"), Err(RuntimeError::InvalidSpec(_))));
        }
    }
}
