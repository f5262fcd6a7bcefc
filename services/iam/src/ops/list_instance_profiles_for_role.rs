//! iam:ListInstanceProfilesForRole — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfilesForRole.html>

use api_iam::op::ListInstanceProfilesForRole;
use api_iam::{ListInstanceProfilesForRoleRequest, ListInstanceProfilesForRoleResponse};

use crate::pages;
use crate::prelude::*;
use crate::records::{InstanceProfile, ProfileOfRole, Role};

impl Handle<ListInstanceProfilesForRole> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListInstanceProfilesForRoleRequest) -> Result<Needs> {
        self.needs_on::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: ListInstanceProfilesForRoleRequest) -> Reply<ListInstanceProfilesForRole> {
        let mut role = self.get::<Role>(cx, &input.role_name).await?.record;
        self.refresh(cx.account(), &mut role).await?;
        let mut profiles = Vec::new();
        for link in self.all_below::<ProfileOfRole>(cx.account(), &role.common.id).await? {
            let found = self.find_by_id::<InstanceProfile>(cx.account(), &link.profile).await?;
            profiles.extend(found.map(|found| api_iam::InstanceProfile {
                tags: None,
                ..found.record.to_api(Some(&role))
            }));
        }
        let list = format!("profiles:{}", role.common.id);
        let key = |profile: &api_iam::InstanceProfile| profile.instance_profile_name.clone();
        let keyed = profiles.into_iter().map(|profile| (key(&profile), profile)).collect();
        let page = pages::cut(
            &list,
            keyed,
            |(key, _): &(String, _)| key,
            input.marker.as_deref(),
            input.max_items,
        )?;
        Ok(ListInstanceProfilesForRoleResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            instance_profiles: page.items.into_iter().map(|(_, profile)| profile).collect(),
        })
    }
}
