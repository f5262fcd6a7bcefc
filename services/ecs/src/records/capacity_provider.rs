//! A capacity provider of a user's own as it is stored: an Auto Scaling group whose instances run tasks.

use api_ecs::{AutoScalingGroupProvider, CapacityProviderStatus, CapacityProviderType, CapacityProviderUpdateStatus};
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{Document, tags_to_api};

/// The providers that every account has.
pub const BUILT_IN: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

/// A capacity provider; found by its name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CapacityProvider {
    /// The name, unique within an account and region.
    pub name: String,
    /// The group and how it is scaled, defaults filled in.
    pub group: Document<AutoScalingGroupProvider>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it was changed since.
    #[serde(default)]
    pub updated: bool,
    /// The tags.
    #[serde(default)]
    pub tags: Tags,
}

impl Record for CapacityProvider {
    const TABLE: &'static str = "ecs/capacity-provider";
    const VERSION: u16 = 1;
}

impl CapacityProvider {
    /// The provider as Amazon describes it, while `update` goes on.
    pub fn to_api(
        &self,
        place: Place,
        with_tags: bool,
        update: Option<CapacityProviderUpdateStatus>,
    ) -> api_ecs::CapacityProvider {
        let done = self.updated.then_some(CapacityProviderUpdateStatus::UpdateComplete);
        api_ecs::CapacityProvider {
            capacity_provider_arn: Some(crate::arn::capacity_provider(place, &self.name)),
            name: Some(self.name.clone()),
            status: Some(CapacityProviderStatus::Active),
            auto_scaling_group_provider: Some(self.group.0.clone()),
            update_status: update.or(done),
            tags: Some(if with_tags { tags_to_api(&self.tags) } else { Vec::new() }),
            r#type: Some(CapacityProviderType::Ec2Autoscaling),
            ..api_ecs::CapacityProvider::default()
        }
    }
}

/// A provider that every account has, as Amazon describes it.
pub fn built_in_to_api(place: Place, name: &str) -> api_ecs::CapacityProvider {
    api_ecs::CapacityProvider {
        capacity_provider_arn: Some(crate::arn::capacity_provider(place, name)),
        name: Some(name.to_owned()),
        status: Some(CapacityProviderStatus::Active),
        tags: Some(Vec::new()),
        r#type: Some(CapacityProviderType::from(name)),
        ..api_ecs::CapacityProvider::default()
    }
}
