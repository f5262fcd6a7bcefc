//! The settings of a container: limits, Linux parameters and health checks in the engine's terms.

use std::time::Duration;

use api_ecs::ContainerDefinition;
use roadstead_containers as engine;

use super::bytes;

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

pub(super) fn linux(container: &ContainerDefinition) -> engine::LinuxParameters {
    let Some(given) = &container.linux_parameters else {
        return engine::LinuxParameters::default();
    };
    let capabilities = given.capabilities.clone().unwrap_or_default();
    engine::LinuxParameters {
        cap_add: capabilities.add.unwrap_or_default(),
        cap_drop: capabilities.drop.unwrap_or_default(),
        init: given.init_process_enabled,
        shm_size: bytes(given.shared_memory_size),
        ..engine::LinuxParameters::default()
    }
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
