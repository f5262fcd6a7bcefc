//! From a task definition to the record of a new task: the one way for RunTask and for the service scheduler.

use std::sync::Arc;

use api_ecs::{
    AssignPublicIp, AwsVpcConfiguration, CPUArchitecture, ContainerDefinition, HealthCheck, TaskOverride, errors,
};
use roadstead_core::arn::Place;
use roadstead_core::{Ids, Tags, Timestamp};
use roadstead_kernel::{Kernel, Result};
use roadstead_metadata::Secret;

use crate::behalf::OnBehalf;
use crate::checks;
use crate::records::{
    ContainerRecord, ContainerStatus, Desired, Document, Host, Interface, InterfaceStatus, Network, Task,
    TaskDefinition, TaskStatus, Wiring,
};

/// What is the same for all tasks of one start.
pub struct Start<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// The definition; awsvpc, as every task runs as Fargate does.
    pub definition: &'a TaskDefinition,
    /// The group.
    pub group: String,
    /// Who starts it.
    pub started_by: Option<String>,
    /// What is overridden.
    pub overrides: TaskOverride,
    /// Whether ECS tags its resources.
    pub managed_tags: bool,
    /// Whether ECS Exec is enabled.
    pub exec: bool,
    /// The tags.
    pub tags: Tags,
}

impl Start<'_> {
    /// The record of a new task that runs as Fargate does.
    pub fn task(&self, ids: &Ids, now: Timestamp, provider: Option<String>, interface: Interface) -> Task {
        self.record(ids.hex(32), ids, now, provider, Some(interface), None)
    }

    /// The record of a new task that was placed on a container instance.
    pub fn task_on(&self, id: String, ids: &Ids, now: Timestamp, host: Host, interface: Option<Interface>) -> Task {
        self.record(id, ids, now, None, interface, Some(host))
    }

    fn record(
        &self,
        id: String,
        ids: &Ids,
        now: Timestamp,
        provider: Option<String>,
        interface: Option<Interface>,
        host: Option<Host>,
    ) -> Task {
        let document = &self.definition.document.0;
        let overrides = &self.overrides;
        Task {
            id,
            cluster: self.cluster.to_owned(),
            family: self.definition.family().to_owned(),
            revision: self.definition.revision,
            // AWS: what needs no network interface begins with PENDING.
            status: if interface.is_some() {
                TaskStatus::Provisioning
            } else {
                TaskStatus::Pending
            },
            desired: Desired::Running,
            version: 1,
            group: self.group.clone(),
            started_by: self.started_by.clone(),
            capacity_provider: provider,
            cpu: overrides.cpu.clone().or_else(|| document.cpu.clone()),
            memory: overrides.memory.clone().or_else(|| document.memory.clone()),
            arm64: document
                .runtime_platform
                .as_ref()
                .is_some_and(|platform| platform.cpu_architecture == Some(CPUArchitecture::Arm64)),
            ephemeral_gib: overrides
                .ephemeral_storage
                .as_ref()
                .or(document.ephemeral_storage.as_ref())
                .map(|e| e.size_in_gi_b),
            containers: self
                .definition
                .containers()
                .iter()
                .map(|c| container_record(ids, c))
                .collect(),
            overrides: Document(overrides.clone()),
            interface,
            host,
            managed_tags: self.managed_tags,
            exec: self.exec,
            gave_back: false,
            tags: self.tags.clone(),
            created_at: now,
            pull_started_at: None,
            pull_stopped_at: None,
            started_at: None,
            stopping_at: None,
            execution_stopped_at: None,
            stopped_at: None,
            stop: None,
            ending: None,
            untold: None,
            protected_until: None,
            credentials: Secret::new(ids.uuid()),
        }
    }
}

/// Refuses a platform version that Fargate never had.
// AWS: the code is documented, not the text.
pub fn check_platform(given: Option<&str>) -> Result<()> {
    match given {
        None | Some("LATEST" | "1.0.0" | "1.1.0" | "1.2.0" | "1.3.0" | "1.4.0") => Ok(()),
        Some(_) => Err(errors::PLATFORM_UNKNOWN_EXCEPTION
            .with("The specified platform version does not exist.")
            .into()),
    }
}

/// Refuses a definition that asks for what a platform version did not have yet.
// AWS: what came with 1.4.0 is documented, the text is from memory.
pub fn check_capabilities(definition: &TaskDefinition, platform: Option<&str>) -> Result<()> {
    let is_old = matches!(platform, Some("1.0.0" | "1.1.0" | "1.2.0" | "1.3.0"));
    let document = &definition.document.0;
    let has_files = |volume: &api_ecs::Volume| volume.efs_volume_configuration.is_some();
    let asks = document.ephemeral_storage.is_some()
        || document.pid_mode.is_some()
        || document.volumes.iter().flatten().any(has_files);
    if is_old && asks {
        return Err(errors::PLATFORM_TASK_DEFINITION_INCOMPATIBILITY_EXCEPTION
            .with("One or more of the requested capabilities are not supported.")
            .into());
    }
    Ok(())
}

/// The subnets that a caller named, each with its zone, looked up through the service-linked role.
///
/// Errors: `InvalidParameterException` when the role is missing, or when a subnet or a security group does not exist.
pub async fn subnets(kernel: &Arc<Kernel>, place: Place, vpc: &AwsVpcConfiguration) -> Result<Vec<(String, String)>> {
    checks::vpc(vpc)?;
    let role = OnBehalf::for_interfaces(kernel, place).await?;
    let found = role.describe_subnets(&vpc.subnets).await?;
    let groups = vpc.security_groups.as_deref().unwrap_or_default();
    if !groups.is_empty() {
        role.describe_security_groups(groups).await?;
    }
    let zone_of = |id: &String| {
        found
            .iter()
            .find(|s| s.subnet_id.as_ref() == Some(id))
            .and_then(|s| s.availability_zone.clone())
    };
    Ok(vpc
        .subnets
        .iter()
        .map(|subnet| (subnet.clone(), zone_of(subnet).unwrap_or_default()))
        .collect())
}

/// The interface that a task will get, in one of the subnets.
pub fn interface(ids: &Ids, vpc: &AwsVpcConfiguration, subnet: &str, zone: &str) -> Interface {
    Interface {
        attachment: ids.uuid(),
        status: InterfaceStatus::Precreated,
        network: Network {
            subnet: subnet.to_owned(),
            groups: vpc.security_groups.clone().unwrap_or_default(),
            public_ip: vpc.assign_public_ip == Some(AssignPublicIp::Enabled),
        },
        zone: zone.to_owned(),
        eni: None,
        mac: None,
        address: None,
        dns_name: None,
        wiring: Wiring::default(),
    }
}

/// Whether a health check is done at all: `NONE` turns one off that the image has.
fn is_done(check: &HealthCheck) -> bool {
    check.command.first().is_some_and(|word| word != "NONE")
}

fn container_record(ids: &Ids, container: &ContainerDefinition) -> ContainerRecord {
    ContainerRecord {
        id: ids.uuid(),
        endpoint: Secret::new(ids.uuid()),
        name: container.name.clone().unwrap_or_default(),
        image: container.image.clone().unwrap_or_default(),
        cpu: container.cpu.unwrap_or(0),
        memory: container.memory,
        memory_reservation: container.memory_reservation,
        essential: container.essential != Some(false),
        status: ContainerStatus::Pending,
        engine_id: None,
        digest: None,
        exit_code: None,
        reason: None,
        tried: false,
        checked: container.health_check.as_ref().is_some_and(is_done),
        healthy: None,
        healthy_since: None,
        signalled_at: None,
        started_at: None,
        restarts: 0,
        restart_due: false,
        finished_at: None,
        log: None,
        runtime_id: None,
        bindings: Vec::new(),
    }
}
