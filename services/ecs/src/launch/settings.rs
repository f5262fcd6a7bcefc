//! The settings of a container: limits, Linux parameters and health checks in the engine's terms.

use std::time::Duration;

use api_ecs::{ContainerDefinition, DeviceCgroupPermission};
use roadstead_containers as engine;

use super::{Unsupported, bytes};
use crate::records::Task;

pub(super) fn ulimits(container: &ContainerDefinition) -> Vec<engine::Ulimit> {
    container
        .ulimits
        .iter()
        .flatten()
        .map(|limit| engine::Ulimit {
            name: limit.name.as_str().to_owned(),
            soft: i64::from(limit.soft_limit),
            hard: i64::from(limit.hard_limit),
        })
        .collect()
}

/// Linux parameters of a container with that memory limit, kernel settings apart.
pub(super) fn linux(container: &ContainerDefinition, memory: Option<u64>) -> engine::LinuxParameters {
    let Some(given) = &container.linux_parameters else {
        return engine::LinuxParameters::default();
    };
    let capabilities = given.capabilities.clone().unwrap_or_default();
    // AWS: without `maxSwap`, `swappiness` has no effect.
    let swap = given.max_swap.and_then(|mib| u64::try_from(mib).ok());
    engine::LinuxParameters {
        cap_add: capabilities.add.unwrap_or_default(),
        cap_drop: capabilities.drop.unwrap_or_default(),
        init: given.init_process_enabled,
        shm_size: bytes(given.shared_memory_size),
        memory_swap: memory
            .zip(swap)
            .and_then(|(memory, swap)| i64::try_from(memory.saturating_add(swap << 20)).ok()),
        swappiness: given.swappiness.filter(|_| swap.is_some()).map(i64::from),
        devices: given.devices.iter().flatten().map(device).collect(),
        ..engine::LinuxParameters::default()
    }
}

fn device(given: &api_ecs::Device) -> engine::Device {
    let letters = given.permissions.iter().flatten().map(|permission| match permission {
        DeviceCgroupPermission::Read => "r",
        DeviceCgroupPermission::Write => "w",
        _ => "m",
    });
    let permissions: String = letters.collect();
    engine::Device {
        host_path: given.host_path.clone(),
        container_path: given.container_path.clone().unwrap_or_else(|| given.host_path.clone()),
        permissions: if permissions.is_empty() {
            "rwm".to_owned()
        } else {
            permissions
        },
    }
}

/// Further lines of `/etc/hosts`.
pub(super) fn extra_hosts(container: &ContainerDefinition) -> Option<Vec<(String, String)>> {
    let given = container.extra_hosts.as_ref()?.iter();
    Some(
        given
            .map(|host| (host.hostname.clone(), host.ip_address.clone()))
            .collect(),
    )
}

/// The running containers that a container reaches by a name, given as `container` or `container:name`.
pub(super) fn links(
    task: &Task,
    container: &ContainerDefinition,
) -> Result<Vec<(engine::ContainerId, String)>, Unsupported> {
    let given = container.links.iter().flatten();
    given
        .map(|link| {
            let (other, name) = link.split_once(':').unwrap_or((link, link));
            Ok((super::made(task, other)?, name.to_owned()))
        })
        .collect()
}

pub(super) fn health_check(container: &ContainerDefinition) -> Option<engine::HealthCheck> {
    let given = container.health_check.as_ref()?;
    let secs = |value: Option<i32>, default: u64| {
        Duration::from_secs(value.and_then(|v| u64::try_from(v).ok()).unwrap_or(default))
    };
    Some(engine::HealthCheck {
        test: given.command.clone(),
        interval: secs(given.interval, 30),
        timeout: secs(given.timeout, 5),
        start_period: secs(given.start_period, 0),
        retries: given.retries.and_then(|r| u32::try_from(r).ok()).unwrap_or(3),
    })
}
