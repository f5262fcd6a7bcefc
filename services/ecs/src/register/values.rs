//! What the members of a definition may hold: images, roles, variables, capabilities, mount options, placement rules.

use api_ecs::{
    Compatibility, ContainerDefinition, NetworkMode, RegisterTaskDefinitionRequest, ResourceType,
    TaskDefinitionPlacementConstraintType,
};
use roadstead_core::Arn;
use roadstead_kernel::Result;

use crate::error::client;
use crate::placement::Query;

/// Most placement constraints of a definition.
// AWS: documented.
const MAX_CONSTRAINTS: usize = 10;
/// The capabilities of Linux that containers can be given or denied.
// AWS: documented for `KernelCapabilities`.
const CAPABILITIES: &str = "ALL AUDIT_CONTROL AUDIT_WRITE BLOCK_SUSPEND CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID \
    IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST \
    NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE \
    SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG SYSLOG WAKE_ALARM";
/// The options of a tmpfs.
// AWS: documented for `Tmpfs`; those with a value have it after `=`.
const TMPFS_OPTIONS: &str = "defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync remount mand nomand atime \
    noatime diratime nodiratime bind rbind unbindable runbindable private rprivate shared rshared slave rslave relatime \
    norelatime strictatime nostrictatime mode uid gid nr_inodes nr_blocks mpol";

/// Refuses members of a definition that hold what there is not.
///
/// Errors: `ClientException`, in AWS's words where they are known.
pub(super) fn check(given: &RegisterTaskDefinitionRequest) -> Result<()> {
    for role in [&given.task_role_arn, &given.execution_role_arn].into_iter().flatten() {
        if !role.is_empty() && !is_role(role) {
            // AWS: reported (aws-modern-application-workshop#272).
            return Err(client("Role is not valid"));
        }
    }
    let external = given
        .requires_compatibilities
        .iter()
        .flatten()
        .any(|one| *one == Compatibility::External);
    if external && given.network_mode == Some(NetworkMode::Awsvpc) {
        return Err(client(
            "Tasks using the EXTERNAL launch type do not support network mode 'awsvpc'.",
        ));
    }
    check_placement(given)?;
    for container in &given.container_definitions {
        check_container(given, container)?;
    }
    check_sums(given)
}

fn is_role(text: &str) -> bool {
    Arn::parse(text)
        .is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("role/") && !arn.account.is_empty())
}

/// Letters, digits, and what registries, tags and digests are written with.
// AWS: documented, for both the characters and the length.
pub(super) fn is_image(text: &str) -> bool {
    text.len() <= 255 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_:./#@".contains(c))
}

fn check_container(given: &RegisterTaskDefinitionRequest, container: &ContainerDefinition) -> Result<()> {
    let name = container.name.as_deref().unwrap_or_default();
    let wrong = |what: String| Err(client(format!("Invalid setting for container '{name}'. {what}")));
    if container.image.as_deref().is_some_and(|image| !is_image(image)) {
        // AWS: reported (aws-actions/amazon-ecs-render-task-definition#49).
        return Err(client("Container.image contains invalid characters."));
    }
    let nameless = |variable: &api_ecs::KeyValuePair| variable.name.as_deref().is_none_or(str::is_empty);
    if container.environment.iter().flatten().any(nameless) {
        return wrong("An environment variable must have a name.".to_owned());
    }
    let linux = container.linux_parameters.as_ref();
    let capabilities = linux.and_then(|linux| linux.capabilities.as_ref());
    let named = capabilities
        .into_iter()
        .flat_map(|both| [&both.add, &both.drop])
        .flatten()
        .flatten();
    if let Some(other) = named
        .into_iter()
        .find(|one| !CAPABILITIES.split_whitespace().any(|known| known == *one))
    {
        return wrong(format!("The Linux capability '{other}' is not one that there is."));
    }
    for tmpfs in linux.and_then(|linux| linux.tmpfs.as_ref()).into_iter().flatten() {
        if tmpfs.size < 1 {
            return wrong("The size of a tmpfs must be at least 1 MiB.".to_owned());
        }
        let known = |option: &str| {
            let word = option.split_once('=').map_or(option, |(word, _)| word);
            TMPFS_OPTIONS.split_whitespace().any(|known| known == word)
        };
        if let Some(other) = tmpfs.mount_options.iter().flatten().find(|option| !known(option)) {
            return wrong(format!("The mount option '{other}' is not one of a tmpfs."));
        }
    }
    let firelens = |other: &ContainerDefinition| other.firelens_configuration.is_some();
    let driver = container.log_configuration.as_ref().map(|log| log.log_driver.as_str());
    if driver == Some("awsfirelens") && !given.container_definitions.iter().any(firelens) {
        return wrong(
            "The log driver 'awsfirelens' needs a container with a firelensConfiguration in the task definition."
                .to_owned(),
        );
    }
    for wanted in container.resource_requirements.iter().flatten() {
        let known = |accelerator: &api_ecs::InferenceAccelerator| accelerator.device_name == wanted.value;
        if wanted.r#type == ResourceType::InferenceAccelerator
            && !given.inference_accelerators.iter().flatten().any(known)
        {
            return wrong(format!(
                "The inference accelerator '{}' is not in the task definition.",
                wanted.value
            ));
        }
    }
    Ok(())
}

fn check_placement(given: &RegisterTaskDefinitionRequest) -> Result<()> {
    let constraints = given.placement_constraints.as_deref().unwrap_or_default();
    if constraints.len() > MAX_CONSTRAINTS {
        return Err(client(format!(
            "A task definition can have at most {MAX_CONSTRAINTS} placement constraints."
        )));
    }
    for constraint in constraints {
        let kind = constraint.r#type.as_ref();
        if let Some(other) = kind.filter(|kind| **kind != TaskDefinitionPlacementConstraintType::MemberOf) {
            // AWS: reported (aws-cdk-examples#628).
            return Err(client(format!("constraint.type '{other}' is not supported.")));
        }
        let expression = constraint.expression.as_deref().unwrap_or_default();
        if let Err(why) = Query::parse(expression) {
            return Err(client(format!(
                "Invalid placement constraint expression '{expression}': {why}."
            )));
        }
    }
    Ok(())
}

fn check_sums(given: &RegisterTaskDefinitionRequest) -> Result<()> {
    let sum = |of: fn(&ContainerDefinition) -> Option<i32>| -> i64 {
        let amounts = given.container_definitions.iter().filter_map(of);
        amounts.map(i64::from).sum()
    };
    let cpu = given.cpu.as_deref().and_then(super::cpu_units);
    if cpu.is_some_and(|whole| sum(|container| container.cpu) > i64::from(whole)) {
        // AWS: reported (klotho#892).
        return Err(client(
            "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
        ));
    }
    // AWS: documented; what is reserved counts, where both are given.
    let memory = given.memory.as_deref().and_then(super::mebibytes);
    if memory.is_some_and(|whole| sum(|c| c.memory_reservation.or(c.memory)) > i64::from(whole)) {
        return Err(client(
            "The sum of all container memory reservations cannot be greater than the value of the task 'memory'.",
        ));
    }
    Ok(())
}
