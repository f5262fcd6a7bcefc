//! iam:RemoveRoleFromInstanceProfile — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveRoleFromInstanceProfile.html>

use api_iam::RemoveRoleFromInstanceProfileRequest;
use api_iam::op::RemoveRoleFromInstanceProfile;
use roadstead_store::{Op, Table};

use crate::entities::scope;
use crate::prelude::*;
use crate::problems;
use crate::records::{Entity as _, InstanceProfile, ProfileOfRole, Role};

impl Handle<RemoveRoleFromInstanceProfile> for Iam {
    async fn needs(&self, cx: &Cx, input: &RemoveRoleFromInstanceProfileRequest) -> Result<Needs> {
        self.needs_on::<InstanceProfile>(cx, &input.instance_profile_name).await
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: RemoveRoleFromInstanceProfileRequest,
    ) -> Reply<RemoveRoleFromInstanceProfile> {
        let role = self.get::<Role>(cx, &input.role_name).await?.record;
        role.changeable()?;
        self.change::<InstanceProfile>(cx, &input.instance_profile_name, |profile, txn| {
            if profile.role.as_ref() != Some(&role.common.id) {
                return Err(problems::not_found(format!(
                    "Role {} in Instance Profile {} cannot be found.",
                    input.role_name, profile.common.name
                )));
            }
            profile.role = None;
            let id = [role.common.id.as_str(), &profile.common.id];
            txn.push(Op::Delete {
                key: Table::<ProfileOfRole>::key(scope(&cx.account()), &id),
            });
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
