//! Instance profiles beyond what all entities share: the role in them.

use roadstead_kernel::{Cx, Result};

use crate::Iam;
use crate::records::{InstanceProfile, Role};

impl Iam {
    /// A profile in Amazon's type, with its role.
    pub async fn profile_to_api(&self, cx: &Cx, profile: &InstanceProfile) -> Result<api_iam::InstanceProfile> {
        let role = match &profile.role {
            Some(id) => self
                .find_by_id::<Role>(cx.account(), id)
                .await?
                .map(|found| found.record),
            None => None,
        };
        Ok(profile.to_api(role.as_ref()))
    }
}
