//! A service as it is stored: what was asked for, its deployments, and what the scheduler noted.

use std::collections::BTreeMap;

use api_ecs::{
    AvailabilityZoneRebalancing, CapacityProviderStrategyItem, CreateServiceRequest, DeploymentCircuitBreaker,
    DeploymentController, DeploymentControllerType, DeploymentRolloutState, LaunchType, MonitoringConfiguration,
    NetworkConfiguration, PropagateTags, ResourceManagementType, SchedulingStrategy, ServiceCurrentRevisionSummary,
};
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::service_event::ServiceEvents;
use super::{Document, SetStatus, TaskSet, tags_to_api};

/// The platform that every task here runs on, in Fargate's words.
const PLATFORM_VERSION: &str = "1.4.0";
/// The latest deployments that a superseded one stays `ACTIVE` among.
// AWS: recorded; with a third deployment the oldest turns `DRAINING`.
const ACTIVE_DEPLOYMENTS: usize = 2;

/// A service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Service {
    /// The name, unique within its cluster.
    pub name: String,
    /// The cluster's name.
    pub cluster: String,
    /// Whether it is in use.
    pub status: ServiceStatus,
    /// When it was made, or made again after a deletion.
    pub created_at: Timestamp,
    /// The ARN of the caller who made it.
    pub created_by: String,
    /// When it became `INACTIVE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The client token it was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// A digest of the request it was made with, without token and tags, to compare repetitions with.
    pub request: String,
    /// How many tasks shall run.
    pub desired: u32,
    /// What was handed in, defaults filled in, with all updates since; what tasks are made from stands in the
    /// deployments.
    pub document: Document<CreateServiceRequest>,
    /// The deployments, the primary one first, then from the newest to the oldest.
    pub deployments: Vec<Deployment>,
    /// The task sets, the newest first, where an external controller makes them instead of deployments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub task_sets: Vec<TaskSet>,
    /// The number of the deployment that completed last, to roll back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<String>,
    /// Why and how long starts are held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Throttle>,
    /// When it was last said that the service is steady, if it still is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady_at: Option<Timestamp>,
    /// Problems that were told, by kind, and when; forgotten when they are gone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<String, Timestamp>,
    /// Why a problem that was told is there, by kind, where its event says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub causes: BTreeMap<String, Cause>,
    /// The tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// Why a problem is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The reason.
    pub reason: String,
    /// The ids of container instances that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<String>,
}

/// Whether a service is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceStatus {
    /// In use.
    Active,
    /// Deleted; its tasks are being stopped.
    Draining,
    /// Gone; still described for a while.
    Inactive,
}

impl ServiceStatus {
    /// The status in Amazon's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
            Self::Inactive => "INACTIVE",
        }
    }
}

/// Why and how long starts are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// How many times in a row tasks were started and none came to run.
    pub failures: u32,
    /// When a task failed last.
    pub last: Timestamp,
    /// Until when nothing is started.
    pub until: Timestamp,
}

/// What the tasks of a deployment are made from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// The family of the task definition.
    pub family: String,
    /// The revision of the task definition.
    pub revision: u32,
    /// Where tasks run.
    pub launch: Launch,
    /// The platform version that was asked for, of Fargate services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// The network, with network mode `awsvpc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Document<NetworkConfiguration>>,
    /// The network's subnets, each with its availability zone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<(String, String)>,
    /// Whether an essential container has a health check.
    #[serde(default)]
    pub checked: bool,
    /// How finely utilization is measured, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<Document<MonitoringConfiguration>>,
}

/// Where the tasks of a deployment run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Launch {
    /// On container instances.
    Ec2,
    /// On this machine, each with a network interface of its own.
    Fargate,
    /// On registered machines.
    External,
    /// Where capacity providers say.
    Providers(Vec<Document<CapacityProviderStrategyItem>>),
}

impl Launch {
    /// Whether tasks run as Fargate does.
    pub fn is_fargate(&self) -> bool {
        match self {
            Self::Fargate => true,
            Self::Providers(items) => items
                .iter()
                .all(|item| super::BUILT_IN.contains(&item.0.capacity_provider.as_str())),
            Self::Ec2 | Self::External => false,
        }
    }

    /// The launch type in Amazon's words; none where capacity providers choose.
    pub fn to_api(&self) -> Option<LaunchType> {
        match self {
            Self::Ec2 => Some(LaunchType::Ec2),
            Self::Fargate => Some(LaunchType::Fargate),
            Self::External => Some(LaunchType::External),
            Self::Providers(_) => None,
        }
    }

    /// The strategy, where capacity providers choose.
    pub fn strategy(&self) -> Option<Vec<CapacityProviderStrategyItem>> {
        match self {
            Self::Providers(items) => Some(items.iter().map(|item| item.0.clone()).collect()),
            _ => None,
        }
    }

    /// Whether both say the same.
    pub fn is_same(&self, other: &Self) -> bool {
        self.to_api() == other.to_api() && self.strategy() == other.strategy()
    }
}

/// One deployment of a service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deployment {
    /// 19 digits: the id is `ecs-svc/<number>`, and the service revision has the same number.
    pub number: String,
    /// Where it stands among the deployments.
    pub status: DeploymentStatus,
    /// What its tasks are made from.
    pub settings: Settings,
    /// The id of the service deployment that it belongs to.
    pub history: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When the scheduler changed it last.
    pub updated_at: Timestamp,
    /// How far it is.
    pub rollout: Rollout,
    /// Why it is there.
    pub reason: String,
    /// Tasks that failed in a row.
    #[serde(default)]
    pub failed_tasks: u32,
    /// Whether the digests of its images are known.
    #[serde(default)]
    pub resolved: bool,
    /// Tasks it shall have, as of the last look.
    #[serde(default)]
    pub desired: u32,
    /// Tasks that are starting, as of the last look.
    #[serde(default)]
    pub pending: u32,
    /// Tasks that run, as of the last look.
    #[serde(default)]
    pub running: u32,
}

/// Where a deployment stands among the service's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeploymentStatus {
    /// The one that is wanted.
    Primary,
    /// Superseded; its tasks still run.
    Active,
    /// Superseded twice, or of a service that is being deleted.
    Draining,
}

impl DeploymentStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "PRIMARY",
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
        }
    }
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rollout {
    /// Its tasks are being started.
    InProgress,
    /// All its tasks ran, and no others were left.
    Completed,
    /// The circuit breaker gave it up.
    Failed,
}

impl Rollout {
    fn to_api(self) -> DeploymentRolloutState {
        match self {
            Self::InProgress => DeploymentRolloutState::InProgress,
            Self::Completed => DeploymentRolloutState::Completed,
            Self::Failed => DeploymentRolloutState::Failed,
        }
    }
}

impl Record for Service {
    const TABLE: &'static str = "ecs/service";
    const VERSION: u16 = 1;
}

/// Marks a task as one that the scheduler of a service still has to care for; found by cluster, service and task.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Member {}

impl Record for Member {
    const TABLE: &'static str = "ecs/service-task";
    const VERSION: u16 = 1;
}

/// Which form of a service an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShowService {
    /// The tags; absent otherwise.
    pub tags: bool,
    /// What DeleteService leaves out.
    pub whole: bool,
}

impl Deployment {
    /// The id.
    pub fn id(&self) -> String {
        format!("ecs-svc/{}", self.number)
    }

    /// Whether it is neither completed nor failed.
    pub fn is_in_progress(&self) -> bool {
        self.rollout == Rollout::InProgress
    }

    /// A deployment that begins now.
    pub fn new(number: String, history: String, settings: Settings, now: Timestamp) -> Self {
        Self {
            reason: format!("ECS deployment ecs-svc/{number} in progress."),
            number,
            status: DeploymentStatus::Primary,
            settings,
            history,
            created_at: now,
            updated_at: now,
            rollout: Rollout::InProgress,
            failed_tasks: 0,
            resolved: false,
            desired: 0,
            pending: 0,
            running: 0,
        }
    }

    /// Notes that it completed.
    pub fn complete(&mut self) {
        self.rollout = Rollout::Completed;
        self.reason = format!("ECS deployment {} completed.", self.id());
    }

    fn to_api(&self, place: Place) -> api_ecs::Deployment {
        let settings = &self.settings;
        let is_fargate = settings.launch.is_fargate();
        api_ecs::Deployment {
            id: Some(self.id()),
            status: Some(self.status.as_str().to_owned()),
            task_definition: Some(settings.definition_arn(place)),
            desired_count: Some(signed(self.desired)),
            pending_count: Some(signed(self.pending)),
            running_count: Some(signed(self.running)),
            failed_tasks: Some(signed(self.failed_tasks)),
            created_at: Some(self.created_at),
            updated_at: Some(self.updated_at),
            capacity_provider_strategy: settings.launch.strategy(),
            launch_type: settings.launch.to_api(),
            platform_version: is_fargate.then(|| settings.real_platform_version()),
            platform_family: is_fargate.then(|| "Linux".to_owned()),
            network_configuration: settings.network.as_ref().map(|network| network.0.clone()),
            rollout_state: Some(self.rollout.to_api()),
            rollout_state_reason: Some(self.reason.clone()),
            ..api_ecs::Deployment::default()
        }
    }
}

impl Settings {
    /// The ARN of the task definition.
    pub fn definition_arn(&self, place: Place) -> String {
        crate::arn::task_definition(place, &self.family, self.revision)
    }

    /// The platform version that tasks really get.
    pub fn real_platform_version(&self) -> String {
        match self.platform_version.as_deref() {
            None | Some("LATEST") => PLATFORM_VERSION.to_owned(),
            Some(asked) => asked.to_owned(),
        }
    }
}

impl Service {
    /// The ARN.
    pub fn arn(&self, place: Place) -> String {
        crate::arn::service(place, &self.cluster, &self.name)
    }

    /// The group of its tasks.
    pub fn group(&self) -> String {
        format!("service:{}", self.name)
    }

    /// The deployment that is wanted.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.first()
    }

    /// The deployment that is wanted, to change it.
    pub fn primary_mut(&mut self) -> Option<&mut Deployment> {
        self.deployments.first_mut()
    }

    /// Whether an external controller makes task sets instead of deployments.
    pub fn is_external(&self) -> bool {
        self.controller() == DeploymentControllerType::External
    }

    /// Who deploys.
    pub fn controller(&self) -> DeploymentControllerType {
        let given = self.document.0.deployment_controller.as_ref();
        given.map_or(DeploymentControllerType::Ecs, |given| given.r#type.clone())
    }

    /// The task set that serves, where an external controller makes them.
    pub fn primary_set(&self) -> Option<&TaskSet> {
        self.task_sets.iter().find(|set| set.status == SetStatus::Primary)
    }

    /// What the tasks of a deployment or task set are made from.
    pub fn settings_of(&self, number: &str) -> Option<&Settings> {
        let deployments = self.deployments.iter().map(|d| (&d.number, &d.settings));
        let sets = self.task_sets.iter().map(|set| (&set.number, &set.settings));
        deployments
            .chain(sets)
            .find(|(known, _)| *known == number)
            .map(|(_, settings)| settings)
    }

    /// What new tasks are made from, if a deployment or task set may still start any.
    pub fn startable(&self, number: &str) -> Option<&Settings> {
        let primary = self.primary().filter(|primary| primary.number == number);
        let sets = self.task_sets.iter().filter(|set| set.status != SetStatus::Draining);
        let mut sets = sets.filter(|set| set.number == number).map(|set| &set.settings);
        primary.map(|primary| &primary.settings).or_else(|| sets.next())
    }

    /// Notes tasks that could not even be made: starts wait, longer each time.
    pub fn hold_back(&mut self, number: &str, count: u32, now: Timestamp) {
        let later = |before: Option<Throttle>| {
            let failures = before.map_or(0, |throttle| throttle.failures).saturating_add(1);
            let until = now.plus(crate::control::pause_after(failures));
            Some(Throttle {
                failures,
                last: now,
                until,
            })
        };
        if let Some(set) = self.task_sets.iter_mut().find(|set| set.number == number) {
            set.throttle = later(set.throttle);
            return;
        }
        self.throttle = later(self.throttle);
        if let Some(deployment) = self.deployments.iter_mut().find(|d| d.number == number) {
            // AWS: documented; what could not be launched counts as failed.
            deployment.failed_tasks = deployment.failed_tasks.saturating_add(count);
        }
    }

    /// Counts tasks that were just started.
    pub fn note_started(&mut self, number: &str, count: u32, now: Timestamp) {
        if let Some(deployment) = self.deployments.iter_mut().find(|d| d.number == number) {
            deployment.pending += count;
            deployment.updated_at = now;
        }
        if let Some(set) = self.task_sets.iter_mut().find(|set| set.number == number) {
            set.pending += count;
            set.updated_at = now;
        }
    }

    /// Who messages speak of: the service, or one of its task sets.
    // AWS: reported.
    pub fn subject(&self, number: &str) -> String {
        if self.task_sets.iter().any(|set| set.number == number) {
            format!("{}, taskSet ecs-svc/{number}", self.name)
        } else {
            self.name.clone()
        }
    }

    /// Whether tasks are spread one per container instance.
    pub fn is_daemon(&self) -> bool {
        self.document.0.scheduling_strategy == Some(SchedulingStrategy::Daemon)
    }

    /// Minimum healthy percent and maximum percent.
    pub fn percents(&self) -> (u32, u32) {
        let given = self.document.0.deployment_configuration.as_ref();
        let percent =
            |value: Option<i32>, default| value.and_then(|value| u32::try_from(value).ok()).unwrap_or(default);
        let daemon = self.is_daemon();
        (
            percent(
                given.and_then(|c| c.minimum_healthy_percent),
                if daemon { 0 } else { 100 },
            ),
            percent(given.and_then(|c| c.maximum_percent), if daemon { 100 } else { 200 }),
        )
    }

    fn circuit_breaker(&self) -> Option<&DeploymentCircuitBreaker> {
        let given = self.document.0.deployment_configuration.as_ref();
        given.and_then(|c| c.deployment_circuit_breaker.as_ref())
    }

    /// Whether the circuit breaker is on, and whether it rolls back.
    pub fn breaker(&self) -> (bool, bool) {
        self.circuit_breaker().map_or((false, false), |breaker| {
            (breaker.enable, breaker.enable && breaker.rollback)
        })
    }

    /// The failures at which the circuit breaker gives up, for the tasks that are desired now.
    pub fn threshold(&self) -> u32 {
        crate::breaker::threshold(self.circuit_breaker(), self.desired)
    }

    /// Whether a task that comes to be healthy ends the row of failures.
    pub fn resets_on_healthy_task(&self) -> bool {
        self.circuit_breaker()
            .is_none_or(|breaker| breaker.reset_on_healthy_task != Some(false))
    }

    /// Gives the wanted deployment up without another: what runs is left as it is, and nothing more is started.
    pub fn abort(&mut self, now: Timestamp) {
        if let Some(primary) = self.primary_mut() {
            primary.rollout = Rollout::Failed;
            primary.reason = format!("ECS deployment {} stopped.", primary.id());
            primary.updated_at = now;
        }
    }

    /// Makes a deployment the wanted one; the one before it stays `ACTIVE`, older ones drain.
    pub fn lead_with(&mut self, deployment: Deployment) {
        self.deployments.retain(|other| other.number != deployment.number);
        self.deployments.insert(0, deployment);
        for (at, other) in self.deployments.iter_mut().enumerate().skip(1) {
            other.status = if at < ACTIVE_DEPLOYMENTS {
                DeploymentStatus::Active
            } else {
                DeploymentStatus::Draining
            };
        }
        self.throttle = None;
    }

    /// The service as Amazon describes it.
    pub fn to_api(&self, place: Place, events: &ServiceEvents, show: ShowService) -> api_ecs::Service {
        let given = &self.document.0;
        let primary = self.primary();
        let set = self.primary_set().map(|set| &set.settings);
        let settings = primary.map(|primary| &primary.settings).or(set);
        let is_external = self.is_external();
        let is_fargate = settings.is_some_and(|settings| settings.launch.is_fargate());
        let sum = |of_deployment: fn(&Deployment) -> u32, of_set: fn(&TaskSet) -> u32| {
            let deployments = self.deployments.iter().map(of_deployment);
            signed(deployments.chain(self.task_sets.iter().map(of_set)).sum())
        };
        let task_set = |set: &TaskSet| set.to_api(place, &self.cluster, &self.name, self.desired, show.tags);
        let mut configuration = given.deployment_configuration.clone();
        if let Some(configuration) = configuration.as_mut().filter(|_| !show.whole) {
            // AWS: recorded; DeleteService answers a narrower form.
            configuration.bake_time_in_minutes = None;
            if let Some(breaker) = &mut configuration.deployment_circuit_breaker {
                (breaker.reset_on_healthy_task, breaker.threshold_configuration) = (None, None);
            }
        }
        let in_progress = primary.filter(|p| p.is_in_progress() && self.status != ServiceStatus::Inactive);
        api_ecs::Service {
            service_arn: Some(self.arn(place)),
            service_name: Some(self.name.clone()),
            cluster_arn: Some(crate::arn::cluster(place, &self.cluster)),
            load_balancers: Some(Vec::new()),
            service_registries: Some(Vec::new()),
            status: Some(self.status.as_str().to_owned()),
            desired_count: Some(signed(self.desired)),
            running_count: Some(sum(|deployment| deployment.running, |set| set.running)),
            pending_count: Some(sum(|deployment| deployment.pending, |set| set.pending)),
            task_sets: is_external.then(|| self.task_sets.iter().map(task_set).collect()),
            launch_type: settings
                .and_then(|settings| settings.launch.to_api())
                .or_else(|| given.launch_type.clone()),
            capacity_provider_strategy: settings.and_then(|settings| settings.launch.strategy()),
            platform_version: settings
                .filter(|_| is_fargate)
                .and_then(|settings| settings.platform_version.clone()),
            platform_family: is_fargate.then(|| "Linux".to_owned()),
            task_definition: settings.map(|settings| settings.definition_arn(place)),
            deployment_configuration: configuration,
            deployments: Some(
                self.deployments
                    .iter()
                    .map(|deployment| deployment.to_api(place))
                    .collect(),
            ),
            role_arn: settings
                .and_then(|settings| settings.network.as_ref())
                .map(|_| ())
                .or(is_external.then_some(()))
                .map(|()| crate::role::arn(place)),
            events: Some(events.to_api()),
            created_at: Some(self.created_at),
            current_service_deployment: in_progress
                .filter(|primary| show.whole && primary.updated_at > self.created_at)
                .map(|primary| crate::arn::service_deployment(place, &self.cluster, &self.name, &primary.history)),
            current_service_revisions: (show.whole && !is_external).then(|| self.revisions_to_api(place)),
            placement_constraints: Some(given.placement_constraints.clone().unwrap_or_default()),
            placement_strategy: Some(given.placement_strategy.clone().unwrap_or_default()),
            // AWS: documented; a service with task sets has none of its own.
            network_configuration: settings
                .filter(|_| !is_external)
                .and_then(|s| s.network.as_ref())
                .map(|network| network.0.clone()),
            health_check_grace_period_seconds: Some(given.health_check_grace_period_seconds.unwrap_or(0)),
            scheduling_strategy: Some(given.scheduling_strategy.clone().unwrap_or(SchedulingStrategy::Replica)),
            deployment_controller: Some(DeploymentController {
                r#type: self.controller(),
            }),
            tags: show.tags.then(|| tags_to_api(&self.tags)),
            created_by: Some(self.created_by.clone()),
            enable_ecs_managed_tags: Some(given.enable_ecs_managed_tags.unwrap_or(false)),
            propagate_tags: Some(given.propagate_tags.clone().unwrap_or(PropagateTags::None)),
            enable_execute_command: Some(given.enable_execute_command.unwrap_or(false)),
            availability_zone_rebalancing: Some(
                given
                    .availability_zone_rebalancing
                    .clone()
                    .unwrap_or(AvailabilityZoneRebalancing::Disabled),
            ),
            resource_management_type: Some(ResourceManagementType::Customer),
        }
    }

    fn revisions_to_api(&self, place: Place) -> Vec<ServiceCurrentRevisionSummary> {
        let summary = |deployment: &Deployment| ServiceCurrentRevisionSummary {
            arn: Some(crate::arn::service_revision(
                place,
                &self.cluster,
                &self.name,
                &deployment.number,
            )),
            requested_task_count: Some(signed(deployment.desired)),
            running_task_count: Some(signed(deployment.running)),
            pending_task_count: Some(signed(deployment.pending)),
        };
        self.deployments.iter().map(summary).collect()
    }
}

/// A count as the API has it.
pub fn signed(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
