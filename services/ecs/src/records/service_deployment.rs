//! A service deployment: the history of one change of a service, with its end.

use api_ecs::{
    DeploymentConfiguration, ServiceDeploymentAlarms, ServiceDeploymentBrief, ServiceDeploymentCircuitBreaker,
    ServiceDeploymentLifecycleStage, ServiceDeploymentRollbackMonitorsStatus, ServiceDeploymentStatus,
    ServiceRevisionSummary,
};
use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::Document;
use super::service::{Service, signed};

/// A service deployment; found by cluster, service and id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceDeployment {
    /// 21 characters.
    pub id: String,
    /// The number of the revision that is to be.
    pub target: String,
    /// The numbers of the revisions that were.
    pub sources: Vec<String>,
    /// How far it is.
    pub status: Progress,
    /// Why, where that needs saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for, which is when it began.
    pub created_at: Timestamp,
    /// When something changed last.
    pub updated_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// The bounds and the circuit breaker it began with.
    pub configuration: Document<DeploymentConfiguration>,
    /// The return to an earlier revision, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// The tasks that had failed when it ended, and how many were allowed to.
    #[serde(default)]
    pub failures: (u32, u32),
}

/// The return to an earlier revision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rollback {
    /// Why.
    pub reason: String,
    /// When it began.
    pub at: Timestamp,
    /// The number of the revision.
    pub revision: String,
}

/// How far a service deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// Its tasks are being started.
    Ongoing,
    /// It is done.
    Successful,
    /// Another one took its place, or it was given up.
    Stopped,
    /// The earlier revision is being restored.
    RollingBack,
    /// The earlier revision is restored.
    RolledBack,
}

impl Progress {
    /// The status in Amazon's words.
    pub fn to_api(self) -> ServiceDeploymentStatus {
        match self {
            Self::Ongoing => ServiceDeploymentStatus::InProgress,
            Self::Successful => ServiceDeploymentStatus::Successful,
            Self::Stopped => ServiceDeploymentStatus::Stopped,
            Self::RollingBack => ServiceDeploymentStatus::RollbackInProgress,
            Self::RolledBack => ServiceDeploymentStatus::RollbackSuccessful,
        }
    }

    /// Whether it still goes on.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Ongoing | Self::RollingBack)
    }
}

impl Record for ServiceDeployment {
    const TABLE: &'static str = "ecs/service-deployment";
    const VERSION: u16 = 1;
}

impl ServiceDeployment {
    /// Notes how it ended.
    pub fn end(&mut self, status: Progress, reason: Option<String>, now: Timestamp) {
        self.status = status;
        self.reason = reason.or(self.reason.take());
        self.updated_at = now;
        self.finished_at = Some(now);
    }

    /// The line of it in a list.
    pub fn to_brief(&self, place: Place, cluster: &str, service: &str) -> ServiceDeploymentBrief {
        ServiceDeploymentBrief {
            service_deployment_arn: Some(crate::arn::service_deployment(place, cluster, service, &self.id)),
            service_arn: Some(crate::arn::service(place, cluster, service)),
            cluster_arn: Some(crate::arn::cluster(place, cluster)),
            started_at: Some(self.created_at),
            created_at: Some(self.created_at),
            finished_at: self.finished_at,
            target_service_revision_arn: Some(crate::arn::service_revision(place, cluster, service, &self.target)),
            status: Some(self.status.to_api()),
            status_reason: self.reason.clone(),
        }
    }

    /// The deployment as Amazon describes it; counts are those of the service as it is now.
    pub fn to_api(&self, place: Place, service: &Service) -> api_ecs::ServiceDeployment {
        let (cluster, name) = (&service.cluster, &service.name);
        let summary = |number: &String| {
            let live = service
                .deployments
                .iter()
                .find(|deployment| deployment.number == *number);
            ServiceRevisionSummary {
                arn: Some(crate::arn::service_revision(place, cluster, name, number)),
                requested_task_count: Some(signed(live.map_or(0, |live| live.desired))),
                running_task_count: Some(signed(live.map_or(0, |live| live.running))),
                pending_task_count: Some(signed(live.map_or(0, |live| live.pending))),
                ..ServiceRevisionSummary::default()
            }
        };
        api_ecs::ServiceDeployment {
            service_deployment_arn: Some(crate::arn::service_deployment(place, cluster, name, &self.id)),
            service_arn: Some(service.arn(place)),
            cluster_arn: Some(crate::arn::cluster(place, cluster)),
            created_at: Some(self.created_at),
            started_at: Some(self.created_at),
            finished_at: self.finished_at,
            stopped_at: self.finished_at.filter(|_| self.status == Progress::Stopped),
            updated_at: Some(self.updated_at),
            source_service_revisions: Some(self.sources.iter().map(summary).collect()),
            target_service_revision: Some(summary(&self.target)),
            status: Some(self.status.to_api()),
            status_reason: self.reason.clone(),
            lifecycle_stage: self
                .status
                .is_open()
                .then_some(ServiceDeploymentLifecycleStage::ScaleUp),
            deployment_configuration: Some(self.configuration.0.clone()),
            rollback: self.rollback.as_ref().map(|rollback| api_ecs::Rollback {
                reason: Some(rollback.reason.clone()),
                started_at: Some(rollback.at),
                service_revision_arn: Some(crate::arn::service_revision(place, cluster, name, &rollback.revision)),
            }),
            deployment_circuit_breaker: Some(self.breaker_to_api(service)),
            alarms: Some(ServiceDeploymentAlarms {
                status: Some(ServiceDeploymentRollbackMonitorsStatus::Disabled),
                ..ServiceDeploymentAlarms::default()
            }),
            ..api_ecs::ServiceDeployment::default()
        }
    }

    fn breaker_to_api(&self, service: &Service) -> ServiceDeploymentCircuitBreaker {
        let enabled = self
            .configuration
            .0
            .deployment_circuit_breaker
            .as_ref()
            .is_some_and(|breaker| breaker.enable);
        let live = service
            .deployments
            .iter()
            .find(|d| d.number == self.target && self.status == Progress::Ongoing);
        let status = match self.status {
            _ if !enabled => ServiceDeploymentRollbackMonitorsStatus::Disabled,
            Progress::Ongoing => ServiceDeploymentRollbackMonitorsStatus::Monitoring,
            _ if self.failures.1 > 0 && self.failures.0 >= self.failures.1 => {
                ServiceDeploymentRollbackMonitorsStatus::Triggered
            }
            _ => ServiceDeploymentRollbackMonitorsStatus::MonitoringComplete,
        };
        let (failed, threshold) = match live {
            Some(live) => (live.failed_tasks, service.threshold()),
            None => self.failures,
        };
        ServiceDeploymentCircuitBreaker {
            status: Some(status),
            failure_count: Some(signed(failed)),
            threshold: Some(signed(threshold)),
        }
    }
}
