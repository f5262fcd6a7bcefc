//! iam:AddRoleToInstanceProfile — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html>

use api_iam::AddRoleToInstanceProfileRequest;
use api_iam::op::AddRoleToInstanceProfile;
use roadstead_store::Txn;

use crate::entities::{self, scope};
use crate::prelude::*;
use crate::problems;
use crate::records::{Entity as _, InstanceProfile, ProfileOfRole, Role};

impl Handle<AddRoleToInstanceProfile> for Iam {
    async fn needs(&self, cx: &Cx, input: &AddRoleToInstanceProfileRequest) -> Result<Needs> {
        let needs = self
            .needs_on::<InstanceProfile>(cx, &input.instance_profile_name)
            .await?;
        let role = self.find::<Role>(cx.account(), &input.role_name).await?;
        let arn = role.map_or_else(
            || entities::arn::<Role>(cx, "/", &input.role_name),
            |role| role.record.common.arn,
        );
        Ok(needs
            .also("iam:PassRole", arn)
            .key("iam:PassedToService", "ec2.amazonaws.com"))
    }

    async fn handle(&self, cx: &Cx, input: AddRoleToInstanceProfileRequest) -> Reply<AddRoleToInstanceProfile> {
        self.retry(|| async {
            let role = self.get::<Role>(cx, &input.role_name).await?.record;
            role.changeable()?;
            let mut found = self.get::<InstanceProfile>(cx, &input.instance_profile_name).await?;
            let profile = &mut found.record;
            if profile.role.is_some() {
                return Err(problems::quota("InstanceSessionsPerInstanceProfile", 1));
            }
            profile.role = Some(role.common.id.clone());
            let id = [role.common.id.as_str(), &profile.common.id];
            let link = ProfileOfRole {
                profile: profile.common.id.clone(),
            };
            let mut txn = Txn::new();
            self.table().stage_put(&mut txn, scope(&cx.account()), &id, &link)?;
            self.require::<Role>(&mut txn, cx.account(), &role.common.name);
            self.stage_replace(&mut txn, cx.account(), &found)?;
            self.commit(cx.account(), txn).await.map(|_| ())
        })
        .await?;
        Ok(Empty {})
    }
}
