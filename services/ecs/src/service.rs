//! What the operations on services share: finding services, and checking what is asked of them.

use api_ecs::{
    AssignPublicIp, AvailabilityZoneRebalancing, CapacityProviderStrategyItem, Compatibility, ContainerDefinition,
    CreateServiceRequest, DeploymentConfiguration, DeploymentController, DeploymentControllerType, DeploymentStrategy,
    LaunchType, LoadBalancer, NetworkConfiguration, PlacementStrategy, ServiceConnectConfiguration, ServiceRegistry,
    ServiceVolumeConfiguration, VpcLatticeConfiguration,
};
use roadstead_kernel::{Cx, Result};
use roadstead_store::Versioned;

use crate::arn::DefinitionRef;
use crate::error::{client, invalid, service_not_found, unsupported};
use crate::records::{
    Cluster, DefinitionStatus, Document, Launch, Service, ServiceDeployment, ServiceEvents, ServiceRevision, Settings,
    TaskDefinition,
};
use crate::start;
use crate::{Ecs, arn, breaker, capacity, checks, choices, scope};

/// The alphabet of service deployment ids.
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

impl Ecs {
    /// A service of a cluster by name or ARN; `InvalidParameterException` for an ARN of another cluster.
    pub(crate) async fn service(&self, cx: &Cx, cluster: &str, given: &str) -> Result<Option<Versioned<Service>>> {
        let (named, service) = arn::service_name(cx.place(), given)?;
        arn::same_cluster(named, cluster)?;
        Ok(self.services.services.get(scope(cx).of(), &[cluster, service]).await?)
    }

    /// The messages of a service.
    pub(crate) async fn service_events(&self, cx: &Cx, cluster: &str, service: &str) -> Result<ServiceEvents> {
        let found = self.services.events.get(scope(cx).of(), &[cluster, service]).await?;
        Ok(found.map(|found| found.record).unwrap_or_default())
    }

    /// The task definition of a service, which must be active.
    pub(crate) async fn usable_definition(&self, cx: &Cx, given: &str) -> Result<TaskDefinition> {
        let named = DefinitionRef::parse(cx.place(), given)?;
        // AWS: recorded.
        let found = self
            .definition(cx, &named)
            .await?
            .ok_or_else(|| client(arn::NO_DEFINITION))?
            .record;
        match found.status {
            DefinitionStatus::Active => Ok(found),
            DefinitionStatus::Inactive => Err(invalid("TaskDefinition is inactive")),
            DefinitionStatus::DeleteInProgress => Err(invalid("TaskDefinition is being deleted")),
        }
    }

    /// Checks what tasks are to be made from and looks up their subnets through the service-linked role.
    pub(crate) async fn settings(
        &self,
        cx: &Cx,
        definition: &TaskDefinition,
        launch: Launch,
        network: Option<&NetworkConfiguration>,
        platform_version: Option<String>,
    ) -> Result<Settings> {
        let vpc = network.and_then(|network| network.awsvpc_configuration.as_ref());
        if definition.is_awsvpc() && vpc.is_none() {
            // AWS: recorded.
            return Err(invalid(
                "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
            ));
        }
        if !definition.is_awsvpc() && vpc.is_some() {
            return Err(invalid(
                "Network Configuration is not valid for the given networkMode of this task definition.",
            ));
        }
        if launch.is_fargate() && !definition.is_awsvpc() {
            // AWS: recorded.
            return Err(client("Fargate only supports network mode ‘awsvpc’."));
        }
        if launch.is_fargate() && !definition.is_compatible(&Compatibility::Fargate) {
            return Err(invalid("Task definition does not support launch_type FARGATE."));
        }
        if launch.is_fargate() {
            start::check_platform(platform_version.as_deref())?;
            start::check_capabilities(definition, platform_version.as_deref())?;
        } else {
            checks::platform_on_instances(platform_version.as_deref())?;
        }
        let subnets = match vpc {
            Some(vpc) => start::subnets(cx.kernel(), cx.place(), vpc).await?,
            None => Vec::new(),
        };
        let has_check = |container: &ContainerDefinition| {
            let test = container.health_check.as_ref().and_then(|check| check.command.first());
            container.essential != Some(false) && test.is_some_and(|kind| kind != "NONE")
        };
        Ok(Settings {
            family: definition.family().to_owned(),
            revision: definition.revision,
            platform_version: launch
                .is_fargate()
                .then(|| platform_version.unwrap_or_else(|| "LATEST".to_owned())),
            launch,
            network: vpc.and(network).map(|network| Document(whole_network(network))),
            subnets,
            checked: definition.containers().iter().any(has_check),
            monitoring: None,
        })
    }
}

/// A network with what stands for members that were left out.
// AWS: recorded; services and deployments always have the three members.
pub fn whole_network(given: &NetworkConfiguration) -> NetworkConfiguration {
    let mut whole = given.clone();
    if let Some(vpc) = &mut whole.awsvpc_configuration {
        vpc.security_groups.get_or_insert_default();
        vpc.assign_public_ip.get_or_insert(AssignPublicIp::Disabled);
    }
    whole
}

/// Where the tasks of a service run, by what was asked or else by the cluster's default strategy.
pub fn launch(
    launch_type: Option<&LaunchType>,
    strategy: Option<&[CapacityProviderStrategyItem]>,
    cluster: &Cluster,
) -> Result<Launch> {
    let strategy = strategy.unwrap_or_default();
    if launch_type.is_some() && !strategy.is_empty() {
        return Err(invalid(
            "You may choose a capacity provider or a launch type but not both.",
        ));
    }
    choices::service_launch_type(launch_type)?;
    match launch_type {
        Some(LaunchType::Ec2) => Ok(Launch::Ec2),
        Some(LaunchType::Fargate) => Ok(Launch::Fargate),
        Some(LaunchType::External) => Ok(Launch::External),
        Some(LaunchType::ManagedInstances) => Err(unsupported("The launch type MANAGED_INSTANCES is")),
        None | Some(LaunchType::Other(_)) => Ok(match capacity::in_force(strategy, cluster)? {
            Some(items) => Launch::Providers(items.into_iter().map(Document).collect()),
            // AWS: recorded.
            None => Launch::Ec2,
        }),
    }
}

/// The deployment configuration after a change of some of its members.
///
/// Errors: AWS's texts for percents out of bounds; `UnsupportedFeatureException` for what only rolling updates lack.
pub fn merge_configuration(
    before: Option<&DeploymentConfiguration>,
    given: Option<&DeploymentConfiguration>,
    is_daemon: bool,
) -> Result<DeploymentConfiguration> {
    let mut merged = before.cloned().unwrap_or_else(|| DeploymentConfiguration {
        maximum_percent: Some(if is_daemon { 100 } else { 200 }),
        minimum_healthy_percent: Some(if is_daemon { 0 } else { 100 }),
        strategy: Some(DeploymentStrategy::Rolling),
        bake_time_in_minutes: Some(0),
        ..DeploymentConfiguration::default()
    });
    merged.deployment_circuit_breaker = Some(breaker::merge(
        merged.deployment_circuit_breaker.as_ref(),
        given.and_then(|given| given.deployment_circuit_breaker.as_ref()),
    )?);
    let Some(given) = given else { return Ok(merged) };
    // AWS: recorded.
    if given.maximum_percent.is_some_and(|percent| percent < 100) {
        return Err(invalid("maximumPercent must be at least 100"));
    }
    if given.minimum_healthy_percent.is_some_and(|percent| percent > 100) {
        return Err(invalid("minimumHealthyPercent must be at most 100"));
    }
    if given.minimum_healthy_percent.is_some_and(|percent| percent < 0) {
        return Err(invalid("minimumHealthyPercent must be at least 0"));
    }
    if given
        .strategy
        .as_ref()
        .is_some_and(|strategy| *strategy != DeploymentStrategy::Rolling)
    {
        return Err(unsupported("Deployment strategies other than ROLLING are"));
    }
    if given.alarms.as_ref().is_some_and(|alarms| alarms.enable) {
        return Err(unsupported("Deployment alarms are"));
    }
    if given.lifecycle_hooks.as_ref().is_some_and(|hooks| !hooks.is_empty()) {
        return Err(unsupported("Deployment lifecycle hooks are"));
    }
    merged.maximum_percent = given.maximum_percent.or(merged.maximum_percent);
    merged.minimum_healthy_percent = given.minimum_healthy_percent.or(merged.minimum_healthy_percent);
    merged.bake_time_in_minutes = given.bake_time_in_minutes.or(merged.bake_time_in_minutes);
    if given.alarms.is_some() {
        merged.alarms.clone_from(&given.alarms);
    }
    Ok(merged)
}

/// Whether tasks are to be balanced over zones, after a change.
// AWS: recorded; DISABLED where a maximum of 100 or less is asked with it, an error where it is asked later.
pub fn merge_rebalancing(
    before: Option<&AvailabilityZoneRebalancing>,
    given: Option<&AvailabilityZoneRebalancing>,
    configuration: Option<&DeploymentConfiguration>,
    is_unbalanced: bool,
) -> Result<AvailabilityZoneRebalancing> {
    let is_tight = configuration
        .and_then(|c| c.maximum_percent)
        .is_some_and(|percent| percent <= 100);
    match (before, given) {
        (_, Some(AvailabilityZoneRebalancing::Enabled)) | (Some(AvailabilityZoneRebalancing::Enabled), None)
            if is_tight =>
        {
            let verb = if before.is_some() { "updated" } else { "created" };
            Err(invalid(format!(
                "The service couldn't be {verb} because Availability Zone Rebalancing does not support maximumPercent <= 100 % as deployment configuration. Update deployment configuration and try again."
            )))
        }
        (_, Some(given)) => Ok(given.clone()),
        (Some(before), None) => Ok(before.clone()),
        (None, None) if is_tight || is_unbalanced => Ok(AvailabilityZoneRebalancing::Disabled),
        (None, None) => Ok(AvailabilityZoneRebalancing::Enabled),
    }
}

/// What a service may be joined with in AWS, and not here.
#[derive(Clone, Copy, Default)]
pub struct Joined<'a> {
    /// Load balancers.
    pub load_balancers: Option<&'a [LoadBalancer]>,
    /// Service discovery.
    pub registries: Option<&'a [ServiceRegistry]>,
    /// Service Connect.
    pub connect: Option<&'a ServiceConnectConfiguration>,
    /// EBS volumes.
    pub volumes: Option<&'a [ServiceVolumeConfiguration]>,
    /// VPC Lattice.
    pub lattice: Option<&'a [VpcLatticeConfiguration]>,
    /// Who deploys.
    pub controller: Option<&'a DeploymentController>,
}

impl Joined<'_> {
    /// Refuses what cannot be done, with `UnsupportedFeatureException`.
    pub fn check(&self) -> Result<()> {
        let asked = [
            (
                "Load balancers of services are",
                self.load_balancers.is_some_and(|list| !list.is_empty()),
            ),
            (
                "Service discovery is",
                self.registries.is_some_and(|list| !list.is_empty()),
            ),
            (
                "Service Connect is",
                self.connect.is_some_and(|connect| connect.enabled),
            ),
            (
                "Volumes configured at launch are",
                self.volumes.is_some_and(|list| !list.is_empty()),
            ),
            ("VPC Lattice is", self.lattice.is_some_and(|list| !list.is_empty())),
            (
                "The deployment controller CODE_DEPLOY is",
                self.controller
                    .is_some_and(|c| c.r#type == DeploymentControllerType::CodeDeploy),
            ),
        ];
        match asked.into_iter().find(|(_, is_asked)| *is_asked) {
            Some((what, _)) => Err(unsupported(what)),
            None => Ok(()),
        }
    }
}

/// Placement strategies as ECS keeps them: resources in capital letters.
// AWS: measured through Terraform.
pub fn placement(strategies: Option<Vec<PlacementStrategy>>) -> Option<Vec<PlacementStrategy>> {
    let kept = |mut one: PlacementStrategy| {
        if let Some(field) = one
            .field
            .as_mut()
            .filter(|field| matches!(field.as_str(), "cpu" | "memory"))
        {
            *field = field.to_ascii_uppercase();
        }
        one
    };
    strategies.map(|list| list.into_iter().map(kept).collect())
}

/// A number for a deployment and its revision, and an id for its service deployment.
pub fn deployment_ids(cx: &Cx) -> (String, String) {
    (cx.ids().decimal(19), cx.ids().picked("", LETTERS, 21))
}

/// The revision of a deployment.
pub fn revision(
    number: &str,
    settings: &Settings,
    definition: &TaskDefinition,
    is_update: bool,
    cx: &Cx,
) -> ServiceRevision {
    let image = |c: &ContainerDefinition| (c.name.clone().unwrap_or_default(), c.image.clone().unwrap_or_default());
    ServiceRevision {
        number: number.to_owned(),
        settings: settings.clone(),
        containers: definition.containers().iter().map(image).collect(),
        digests: Vec::new(),
        updated: is_update,
        created_at: cx.now(),
    }
}

/// The service deployment that begins with a deployment.
pub fn service_deployment(
    id: &str,
    target: &str,
    sources: Vec<String>,
    document: &CreateServiceRequest,
    cx: &Cx,
) -> ServiceDeployment {
    ServiceDeployment {
        id: id.to_owned(),
        target: target.to_owned(),
        sources,
        status: crate::records::Progress::Ongoing,
        reason: None,
        created_at: cx.now(),
        updated_at: cx.now(),
        finished_at: None,
        configuration: Document(document.deployment_configuration.clone().unwrap_or_default()),
        rollback: None,
        failures: (0, 0),
    }
}

/// The cluster and the service that an ARN or a pair of names means, for needs: the ARNs of both.
pub fn named(cx: &Cx, cluster: Option<&str>, service: &str) -> Result<(String, String)> {
    let cluster = arn::cluster_name(cx.place(), cluster)?;
    let (of, name) = arn::service_name(cx.place(), service)?;
    let of = of.unwrap_or(&cluster);
    Ok((arn::cluster(cx.place(), of), arn::service(cx.place(), of, name)))
}

/// Refuses a grace period that cannot be.
// AWS: the bounds are documented, the text is not.
pub fn check_grace(given: Option<i32>) -> Result<()> {
    match given {
        Some(seconds) if seconds < 0 => Err(invalid("healthCheckGracePeriodSeconds must be at least 0")),
        _ => Ok(()),
    }
}

/// A count that must not be negative; `InvalidParameterException` with the text otherwise.
pub fn count(asked: i32, text: &str) -> Result<u32> {
    u32::try_from(asked).map_err(|_| invalid(text))
}

/// The service must be there.
pub fn there(found: Option<Versioned<Service>>) -> Result<Versioned<Service>> {
    found.ok_or_else(service_not_found)
}
