//! What a task definition may ask for and this version does not do: said, never silently left out.

use api_ecs::ContainerDefinition;

use super::Unsupported;
use crate::records::TaskDefinition;

/// Whether a list was given and is not empty.
fn any<T>(list: Option<&Vec<T>>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}

/// What a definition may ask for and this version does not do is said, never silently left out.
pub(super) fn check_supported(definition: &TaskDefinition, container: &ContainerDefinition) -> Result<(), Unsupported> {
    let linux = container.linux_parameters.as_ref();
    let task = &definition.document.0;
    let asked = [
        ("secrets", any(container.secrets.as_ref())),
        ("environmentFiles", any(container.environment_files.as_ref())),
        ("mountPoints", any(container.mount_points.as_ref())),
        ("volumesFrom", any(container.volumes_from.as_ref())),
        ("resourceRequirements", any(container.resource_requirements.as_ref())),
        ("repositoryCredentials", container.repository_credentials.is_some()),
        ("firelensConfiguration", container.firelens_configuration.is_some()),
        ("credentialSpecs", any(container.credential_specs.as_ref())),
        (
            "restartPolicy",
            container.restart_policy.as_ref().is_some_and(|p| p.enabled),
        ),
        ("hostname", container.hostname.is_some()),
        ("dnsServers", any(container.dns_servers.as_ref())),
        ("dnsSearchDomains", any(container.dns_search_domains.as_ref())),
        ("extraHosts", any(container.extra_hosts.as_ref())),
        ("links", any(container.links.as_ref())),
        ("disableNetworking", container.disable_networking == Some(true)),
        ("privileged", container.privileged == Some(true)),
        ("dockerSecurityOptions", any(container.docker_security_options.as_ref())),
        ("systemControls", any(container.system_controls.as_ref())),
        ("startTimeout", container.start_timeout.is_some()),
        ("linuxParameters.devices", any(linux.and_then(|l| l.devices.as_ref()))),
        ("linuxParameters.tmpfs", any(linux.and_then(|l| l.tmpfs.as_ref()))),
        ("linuxParameters.maxSwap", linux.is_some_and(|l| l.max_swap.is_some())),
        (
            "linuxParameters.swappiness",
            linux.is_some_and(|l| l.swappiness.is_some()),
        ),
        ("pidMode", task.pid_mode.is_some()),
        ("ipcMode", task.ipc_mode.is_some()),
        ("proxyConfiguration", task.proxy_configuration.is_some()),
        ("inferenceAccelerators", any(task.inference_accelerators.as_ref())),
    ];
    match asked.into_iter().find(|(_, is_asked)| *is_asked) {
        Some((what, _)) => Err(format!("{what} is not available")),
        None => Ok(()),
    }
}
