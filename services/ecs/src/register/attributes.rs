//! Where tasks of a definition can run, and what a container instance must offer to run them.

use std::collections::BTreeSet;

use api_ecs::{Attribute, Compatibility, ContainerDefinition, NetworkMode, OSFamily, RegisterTaskDefinitionRequest};

use super::fargate;

/// Where tasks of the definition can run.
// AWS: recorded, for definitions without a network mode and for Fargate's; Windows has no managed instances.
pub fn compatibilities(given: &RegisterTaskDefinitionRequest) -> Vec<Compatibility> {
    if given.network_mode != Some(NetworkMode::Awsvpc) {
        return vec![Compatibility::External, Compatibility::Ec2];
    }
    let mut found = vec![Compatibility::Ec2];
    if fargate::check(given).is_ok() {
        found.push(Compatibility::Fargate);
        let platform = given.runtime_platform.as_ref();
        let linux = platform.is_none_or(|platform| {
            platform
                .operating_system_family
                .as_ref()
                .is_none_or(|family| *family == OSFamily::Linux)
        });
        if linux {
            found.push(Compatibility::ManagedInstances);
        }
    }
    found
}

/// What a container instance must offer to run the definition.
// AWS: the first ones are read off recorded definitions (ecs-recorded-tasks §3, ecs-recorded-services §3), the others are
// the names under which instances offer these abilities (container-agent §3.2).
pub fn requires_attributes(given: &RegisterTaskDefinitionRequest) -> Vec<Attribute> {
    let mut names = vec!["com.amazonaws.ecs.capability.docker-remote-api.1.18".to_owned()];
    let mut add = |name: &str| {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    let any = |test: &dyn Fn(&ContainerDefinition) -> bool| given.container_definitions.iter().any(test);
    of_logs(given, &mut add);
    let command = |list: Option<&Vec<String>>| list.is_some_and(|list| !list.is_empty());
    if any(&|c| {
        c.image.as_deref().is_some_and(|image| image.contains('@'))
            || command(c.command.as_ref())
            || command(c.entry_point.as_ref())
    }) {
        add("com.amazonaws.ecs.capability.docker-remote-api.1.21");
    }
    if any(&|c| c.image.as_deref().is_some_and(super::is_ecr)) {
        add("com.amazonaws.ecs.capability.ecr-auth");
        if given.execution_role_arn.is_some() {
            add("ecs.capability.execution-role-ecr-pull");
        }
    }
    if given.task_role_arn.is_some() {
        add("com.amazonaws.ecs.capability.task-iam-role");
        if given.network_mode == Some(NetworkMode::Host) {
            add("com.amazonaws.ecs.capability.task-iam-role-network-host");
        }
    }
    if given.network_mode == Some(NetworkMode::Awsvpc) {
        add("ecs.capability.task-eni");
    }
    // AWS: recorded; definitions for Fargate do not name it.
    if (given.cpu.is_some() || given.memory.is_some()) && !fargate::is_meant(given) {
        add("ecs.capability.task-cpu-mem-limit");
    }
    if any(&|c| c.start_timeout.is_some() || c.stop_timeout.is_some() || some(c.depends_on.as_ref())) {
        add("ecs.capability.container-ordering");
    }
    if any(&|c| c.health_check.is_some()) {
        add("com.amazonaws.ecs.capability.docker-remote-api.1.24");
        add("ecs.capability.container-health-check");
    }
    if any(&|c| c.privileged == Some(true)) {
        add("com.amazonaws.ecs.capability.privileged-container");
    }
    if any(&|c| c.repository_credentials.is_some()) {
        add("ecs.capability.private-registry-authentication.secretsmanager");
    }
    if any(&|c| some(c.environment_files.as_ref())) {
        add("ecs.capability.env-files.s3");
    }
    if any(&|c| c.restart_policy.as_ref().is_some_and(|policy| policy.enabled)) {
        add("ecs.capability.container-restart-policy");
    }
    if any(&|c| {
        c.port_mappings
            .iter()
            .flatten()
            .any(|port| port.container_port_range.is_some())
    }) {
        add("ecs.capability.network.container-port-range");
    }
    if any(&|c| {
        c.linux_parameters
            .as_ref()
            .is_some_and(|linux| linux.init_process_enabled == Some(true))
    }) {
        add("com.amazonaws.ecs.capability.docker-remote-api.1.25");
    }
    of_secrets(given, &mut add);
    of_task(given, &mut add);
    // AWS: recorded; a plain definition names none.
    if names.len() == 1 {
        names.clear();
    }
    let attribute = |name| Attribute {
        name,
        ..Attribute::default()
    };
    names.into_iter().map(attribute).collect()
}

fn some<T>(list: Option<&Vec<T>>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}

fn of_logs(given: &RegisterTaskDefinitionRequest, add: &mut dyn FnMut(&str)) {
    let logs = given
        .container_definitions
        .iter()
        .filter_map(|c| c.log_configuration.as_ref());
    let drivers: BTreeSet<&str> = logs.map(|log| log.log_driver.as_str()).collect();
    for driver in drivers {
        add(&format!("com.amazonaws.ecs.capability.logging-driver.{driver}"));
        if driver == "awslogs" {
            add("com.amazonaws.ecs.capability.docker-remote-api.1.19");
            if given.execution_role_arn.is_some() {
                add("ecs.capability.execution-role-awslogs");
            }
        }
    }
    for firelens in given
        .container_definitions
        .iter()
        .filter_map(|c| c.firelens_configuration.as_ref())
    {
        add(&format!("ecs.capability.firelens.{}", firelens.r#type.as_str()));
    }
}

fn of_secrets(given: &RegisterTaskDefinitionRequest, add: &mut dyn FnMut(&str)) {
    // A name or an ARN of a parameter, or the ARN of a secret.
    let provider = |from: &str| {
        if from.contains(":secretsmanager:") {
            "asm"
        } else {
            "ssm"
        }
    };
    for container in &given.container_definitions {
        for secret in container.secrets.iter().flatten() {
            add(&format!(
                "ecs.capability.secrets.{}.environment-variables",
                provider(&secret.value_from)
            ));
        }
        let log = container.log_configuration.as_ref();
        for secret in log.and_then(|log| log.secret_options.as_ref()).into_iter().flatten() {
            add(&format!(
                "ecs.capability.secrets.{}.bootstrap.log-driver",
                provider(&secret.value_from)
            ));
        }
    }
}

fn of_task(given: &RegisterTaskDefinitionRequest, add: &mut dyn FnMut(&str)) {
    if given.pid_mode.is_some() || given.ipc_mode.is_some() {
        add("ecs.capability.pid-ipc-namespace-sharing");
    }
    if given.proxy_configuration.is_some() {
        add("ecs.capability.aws-appmesh");
    }
    if some(given.inference_accelerators.as_ref()) {
        add("ecs.capability.task-eia");
    }
    for volume in given.volumes.iter().flatten() {
        if volume.efs_volume_configuration.is_some() {
            add("ecs.capability.efs");
        }
        if let Some(docker) = &volume.docker_volume_configuration {
            add(&format!(
                "ecs.capability.docker-plugin.{}",
                docker.driver.as_deref().unwrap_or("local")
            ));
        }
    }
}
