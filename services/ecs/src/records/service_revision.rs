//! A service revision: what the tasks of one deployment are made from, kept to look at and to roll back to.

use api_ecs::ContainerImage;
use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::service::Settings;

/// A revision; found by cluster, service and number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceRevision {
    /// 19 digits, those of its deployment.
    pub number: String,
    /// What tasks are made from.
    pub settings: Settings,
    /// The containers' names and images.
    pub containers: Vec<(String, String)>,
    /// The digests of the containers' images, in the same order, once a task had pulled them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<Option<String>>,
    /// Whether an update made it.
    pub updated: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Record for ServiceRevision {
    const TABLE: &'static str = "ecs/service-revision";
    const VERSION: u16 = 1;
}

impl ServiceRevision {
    /// The revision as Amazon describes it.
    pub fn to_api(&self, place: Place, cluster: &str, service: &str) -> api_ecs::ServiceRevision {
        let settings = &self.settings;
        let is_fargate = settings.launch.is_fargate();
        let digests = self.digests.iter().map(Option::as_ref).chain(std::iter::repeat(None));
        let image = |((name, image), digest): (&(String, String), Option<&String>)| ContainerImage {
            container_name: Some(name.clone()),
            image: Some(image.clone()),
            image_digest: digest.cloned(),
        };
        api_ecs::ServiceRevision {
            service_revision_arn: Some(crate::arn::service_revision(place, cluster, service, &self.number)),
            service_arn: Some(crate::arn::service(place, cluster, service)),
            cluster_arn: Some(crate::arn::cluster(place, cluster)),
            task_definition: Some(settings.definition_arn(place)),
            capacity_provider_strategy: settings.launch.strategy(),
            launch_type: settings.launch.to_api(),
            platform_version: is_fargate.then(|| settings.real_platform_version()),
            platform_family: is_fargate.then(|| "Linux".to_owned()),
            // AWS: recorded; the revision that CreateService makes lacks the two lists.
            load_balancers: self.updated.then(Vec::new),
            service_registries: self.updated.then(Vec::new),
            network_configuration: settings.network.as_ref().map(|network| network.0.clone()),
            container_images: Some(self.containers.iter().zip(digests).map(image).collect()),
            guard_duty_enabled: Some(false),
            monitoring: settings.monitoring.as_ref().map(|monitoring| monitoring.0.clone()),
            created_at: Some(self.created_at),
            ..api_ecs::ServiceRevision::default()
        }
    }
}
