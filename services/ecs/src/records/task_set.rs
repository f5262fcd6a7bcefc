//! A task set: the part of a service that an external deployment controller scales by itself.

use api_ecs::{Scale, ScaleUnit, StabilityStatus};
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use serde::{Deserialize, Serialize};

use super::service::{Settings, Throttle, signed};
use super::tags_to_api;

/// How many parts of a percent are told apart.
const FINE: f64 = 1_000_000.0;

/// A task set; kept in the record of its service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskSet {
    /// 19 digits: the id is `ecs-svc/<number>`.
    pub number: String,
    /// What its creator calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The client token it was made with, and a digest of the request, to compare repetitions with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<(String, String)>,
    /// Where it stands among the service's task sets.
    pub status: SetStatus,
    /// What its tasks are made from.
    pub settings: Settings,
    /// Its share of the service's desired count, in percent.
    pub scale: f64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Whether exactly the tasks run that shall.
    #[serde(default)]
    pub steady: bool,
    /// Since when.
    pub steady_changed_at: Timestamp,
    /// When it was last said that it is steady, if it still is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady_at: Option<Timestamp>,
    /// Why and how long starts are held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Throttle>,
    /// Tasks that failed in a row.
    #[serde(default)]
    pub failed_tasks: u32,
    /// Tasks that are starting, as of the last look.
    #[serde(default)]
    pub pending: u32,
    /// Tasks that run, as of the last look.
    #[serde(default)]
    pub running: u32,
    /// The tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// Where a task set stands among its service's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetStatus {
    /// It serves the service's traffic.
    Primary,
    /// It does not.
    Active,
    /// It was deleted; its tasks are being stopped.
    Draining,
}

impl SetStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "PRIMARY",
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
        }
    }
}

/// The tasks of a set: its share of those that the service shall have, rounded up.
// AWS: documented.
pub fn computed_count(desired: u32, scale: f64) -> u32 {
    // Whole numbers, so that 33.3 % of 1000 are 333 and not one more.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a scale is 0 to 100"
    )]
    let parts = (scale.clamp(0.0, 100.0) * FINE).round() as u64;
    let whole = 100 * 1_000_000;
    u32::try_from((u64::from(desired) * parts).div_ceil(whole)).unwrap_or(desired)
}

impl TaskSet {
    /// The id.
    pub fn id(&self) -> String {
        format!("ecs-svc/{}", self.number)
    }

    /// How many tasks it shall have.
    pub fn computed(&self, desired: u32) -> u32 {
        if self.status == SetStatus::Draining {
            0
        } else {
            computed_count(desired, self.scale)
        }
    }

    /// Begins its end.
    pub fn drain(&mut self, now: Timestamp) {
        self.status = SetStatus::Draining;
        self.change_steadiness(false, now);
        self.updated_at = now;
    }

    /// Notes whether it is steady.
    pub fn change_steadiness(&mut self, steady: bool, now: Timestamp) {
        if self.steady != steady {
            self.steady = steady;
            self.steady_changed_at = now;
        }
        self.steady_at = steady.then_some(now);
    }

    /// The task set as Amazon describes it.
    pub fn to_api(&self, place: Place, cluster: &str, service: &str, desired: u32, tags: bool) -> api_ecs::TaskSet {
        let settings = &self.settings;
        let is_fargate = settings.launch.is_fargate();
        api_ecs::TaskSet {
            id: Some(self.id()),
            task_set_arn: Some(crate::arn::task_set(place, cluster, service, &self.number)),
            service_arn: Some(crate::arn::service(place, cluster, service)),
            cluster_arn: Some(crate::arn::cluster(place, cluster)),
            external_id: self.external_id.clone(),
            status: Some(self.status.as_str().to_owned()),
            task_definition: Some(settings.definition_arn(place)),
            computed_desired_count: Some(signed(self.computed(desired))),
            pending_count: Some(signed(self.pending)),
            running_count: Some(signed(self.running)),
            created_at: Some(self.created_at),
            updated_at: Some(self.updated_at),
            launch_type: settings.launch.to_api(),
            capacity_provider_strategy: settings.launch.strategy(),
            platform_version: is_fargate.then(|| settings.real_platform_version()),
            platform_family: is_fargate.then(|| "Linux".to_owned()),
            network_configuration: settings.network.as_ref().map(|network| network.0.clone()),
            load_balancers: Some(Vec::new()),
            service_registries: Some(Vec::new()),
            scale: Some(Scale {
                value: Some(self.scale),
                unit: Some(ScaleUnit::Percent),
            }),
            stability_status: Some(if self.steady {
                StabilityStatus::SteadyState
            } else {
                StabilityStatus::Stabilizing
            }),
            stability_status_at: Some(self.steady_changed_at),
            tags: tags.then(|| tags_to_api(&self.tags)),
            ..api_ecs::TaskSet::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_tasks_is_rounded_up_and_not_beyond() {
        let check = |desired, scale, wanted| assert_eq!(computed_count(desired, scale), wanted, "{scale} of {desired}");
        check(10, 0.0, 0);
        check(10, 100.0, 10);
        check(10, 50.0, 5);
        check(3, 50.0, 2);
        check(10, 70.0, 7);
        check(1000, 33.3, 333);
        check(1000, 33.31, 334);
        check(1, 0.1, 1);
        check(u32::MAX, 100.0, u32::MAX);
    }
}
