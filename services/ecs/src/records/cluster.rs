//! A cluster as it is stored.

use api_ecs::{CapacityProviderStrategyItem, ClusterConfiguration, ClusterSetting, ClusterSettingName};
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{Desired, Document, Launch, Service, ServiceStatus, TaskHead, TaskStatus, tags_to_api};
use crate::placement::Kind;

/// A cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cluster {
    /// The name, unique within an account and region.
    pub name: String,
    /// Whether it is in use.
    pub status: ClusterStatus,
    /// When it was made, or made again after a deletion.
    pub created_at: Timestamp,
    /// The value of the setting `containerInsights`.
    pub container_insights: String,
    /// What was given as configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<Document<ClusterConfiguration>>,
    /// Associated capacity providers.
    #[serde(default)]
    pub capacity_providers: Vec<String>,
    /// The strategy for tasks that name none.
    #[serde(default)]
    pub default_strategy: Vec<Document<CapacityProviderStrategyItem>>,
    /// Whether its capacity providers were set after it was made.
    #[serde(default)]
    pub attached: bool,
    /// The tags.
    #[serde(default)]
    pub tags: Tags,
}

/// Whether a cluster is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClusterStatus {
    /// In use.
    Active,
    /// Deleted; still described for a while.
    Inactive,
}

impl Record for Cluster {
    const TABLE: &'static str = "ecs/cluster";
    const VERSION: u16 = 1;
}

/// What is counted of a cluster when it is described.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Container instances that were not deregistered.
    pub instances: i32,
    /// Tasks whose last status is `RUNNING`, by where they run: container instances, Fargate, registered machines.
    pub running: [i32; 3],
    /// Tasks on their way to `RUNNING`, likewise.
    pub pending: [i32; 3],
    /// Services in use, by where their tasks run: container instances, Fargate, registered machines.
    pub active_services: [i32; 3],
    /// Services that are being deleted, likewise.
    pub draining_services: [i32; 3],
}

/// Where something runs, as clusters count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Container instances.
    Ec2,
    /// Fargate.
    Fargate,
    /// Registered machines.
    External,
}

/// Which of a cluster's numbers something counts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A task whose last status is `RUNNING`.
    Running(On),
    /// A task on its way there.
    Pending(On),
    /// A service in use.
    Active(On),
    /// A service that is being deleted.
    Draining(On),
}

impl Counted {
    /// What a task counts to.
    // AWS: recorded; a task that shall stop counts no more, although it may still run.
    pub fn task(task: &TaskHead) -> Option<Self> {
        let on = match task.host.as_ref().map(|host| host.kind) {
            Some(Kind::Ec2) => On::Ec2,
            Some(Kind::External) => On::External,
            None => On::Fargate,
        };
        match (task.desired, task.status) {
            (Desired::Running, TaskStatus::Running) => Some(Self::Running(on)),
            (Desired::Running, TaskStatus::Provisioning | TaskStatus::Pending) => Some(Self::Pending(on)),
            (Desired::Stopped, _) | (_, TaskStatus::Deprovisioning | TaskStatus::Stopped) => None,
        }
    }

    /// What a service counts to.
    pub fn service(service: &Service) -> Option<Self> {
        let set = service.primary_set().map(|set| &set.settings);
        let settings = service.primary().map(|primary| &primary.settings).or(set);
        let on = match settings.map(|settings| &settings.launch) {
            Some(launch) if launch.is_fargate() => On::Fargate,
            Some(Launch::External) => On::External,
            _ => On::Ec2,
        };
        match service.status {
            ServiceStatus::Active => Some(Self::Active(on)),
            ServiceStatus::Draining => Some(Self::Draining(on)),
            ServiceStatus::Inactive => None,
        }
    }
}

impl Counts {
    /// The number that something counts to.
    pub fn number(&mut self, counted: Counted) -> &mut i32 {
        let (numbers, on) = match counted {
            Counted::Running(on) => (&mut self.running, on),
            Counted::Pending(on) => (&mut self.pending, on),
            Counted::Active(on) => (&mut self.active_services, on),
            Counted::Draining(on) => (&mut self.draining_services, on),
        };
        let [ec2, fargate, external] = numbers;
        match on {
            On::Ec2 => ec2,
            On::Fargate => fargate,
            On::External => external,
        }
    }
}

/// Which optional parts of a cluster the caller asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Include {
    /// `ATTACHMENTS`.
    pub attachments: bool,
    /// `CONFIGURATIONS`.
    pub configurations: bool,
    /// `SETTINGS`.
    pub settings: bool,
    /// `STATISTICS`.
    pub statistics: bool,
    /// `TAGS`.
    pub tags: bool,
}

impl Include {
    /// What making and deleting a cluster answers.
    // AWS: recorded; no attachments, but where a cluster that is gone is deleted again.
    pub const MADE: Self = Self {
        attachments: false,
        configurations: true,
        settings: true,
        statistics: false,
        tags: true,
    };

    /// What changing a cluster or its settings answers.
    // AWS: recorded; no tags, whatever the cluster has.
    pub const CHANGED: Self = Self {
        attachments: true,
        tags: false,
        ..Self::MADE
    };
}

impl Cluster {
    /// Whether the cluster is in use.
    pub fn is_active(&self) -> bool {
        self.status == ClusterStatus::Active
    }

    /// The settings as the API names them.
    pub fn settings(&self) -> Vec<ClusterSetting> {
        vec![ClusterSetting {
            name: Some(ClusterSettingName::ContainerInsights),
            value: Some(self.container_insights.clone()),
        }]
    }

    /// The cluster as Amazon describes it.
    pub fn to_api(&self, place: Place, counts: Counts, include: Include) -> api_ecs::Cluster {
        // AWS: lists that were not asked for come back empty, not absent (recorded).
        api_ecs::Cluster {
            cluster_arn: Some(crate::arn::cluster(place, &self.name)),
            cluster_name: Some(self.name.clone()),
            status: Some(if self.is_active() { "ACTIVE" } else { "INACTIVE" }.to_owned()),
            registered_container_instances_count: Some(counts.instances),
            running_tasks_count: Some(counts.running.iter().sum()),
            pending_tasks_count: Some(counts.pending.iter().sum()),
            active_services_count: Some(counts.active_services.iter().sum()),
            statistics: Some(if include.statistics {
                statistics(counts)
            } else {
                Vec::new()
            }),
            tags: Some(if include.tags {
                tags_to_api(&self.tags)
            } else {
                Vec::new()
            }),
            settings: Some(if include.settings { self.settings() } else { Vec::new() }),
            configuration: self
                .configuration
                .as_ref()
                .filter(|_| include.configurations)
                .map(|c| c.0.clone()),
            capacity_providers: Some(self.capacity_providers.clone()),
            default_capacity_provider_strategy: Some(self.default_strategy.iter().map(|item| item.0.clone()).collect()),
            attachments: include.attachments.then(Vec::new),
            attachments_status: (include.attachments && self.attached).then(|| "UPDATE_COMPLETE".to_owned()),
            ..api_ecs::Cluster::default()
        }
    }
}

// AWS: names and order are recorded.
fn statistics(counts: Counts) -> Vec<api_ecs::KeyValuePair> {
    let [running_ec2, running_fargate, running_external] = counts.running;
    let [pending_ec2, pending_fargate, pending_external] = counts.pending;
    let [active_ec2, active_fargate, active_external] = counts.active_services;
    let [draining_ec2, draining_fargate, draining_external] = counts.draining_services;
    [
        ("runningEC2TasksCount", running_ec2),
        ("runningFargateTasksCount", running_fargate),
        ("pendingEC2TasksCount", pending_ec2),
        ("pendingFargateTasksCount", pending_fargate),
        ("runningExternalTasksCount", running_external),
        ("pendingExternalTasksCount", pending_external),
        ("runningManagedInstancesTasksCount", 0),
        ("pendingManagedInstancesTasksCount", 0),
        ("activeEC2ServiceCount", active_ec2),
        ("activeFargateServiceCount", active_fargate),
        ("drainingEC2ServiceCount", draining_ec2),
        ("drainingFargateServiceCount", draining_fargate),
        ("activeExternalServiceCount", active_external),
        ("drainingExternalServiceCount", draining_external),
        ("activeManagedInstancesServiceCount", 0),
        ("drainingManagedInstancesServiceCount", 0),
    ]
    .into_iter()
    .map(|(name, value)| api_ecs::KeyValuePair {
        name: Some(name.to_owned()),
        value: Some(value.to_string()),
    })
    .collect()
}
