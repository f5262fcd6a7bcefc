//! iam:GetGroup — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html>

use api_iam::op::GetGroup;
use api_iam::{GetGroupRequest, GetGroupResponse};

use crate::pages;
use crate::prelude::*;
use crate::records::{Group, Member, User};

impl Handle<GetGroup> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetGroupRequest) -> Result<Needs> {
        self.needs_on::<Group>(cx, &input.group_name).await
    }

    async fn handle(&self, cx: &Cx, input: GetGroupRequest) -> Reply<GetGroup> {
        let group = self.get::<Group>(cx, &input.group_name).await?.record;
        let mut users = Vec::new();
        for member in self.all_below::<Member>(cx.account(), &group.common.id).await? {
            let found = self.find_by_id::<User>(cx.account(), &member.user).await?;
            users.extend(found.map(|found| found.record.to_listed_api()));
        }
        let list = format!("members:{}", group.common.id);
        let page = pages::cut(
            &list,
            users,
            |user| &user.user_name,
            input.marker.as_deref(),
            input.max_items,
        )?;
        Ok(GetGroupResponse {
            group: group.to_api(),
            is_truncated: page.truncated(),
            marker: page.marker,
            users: page.items,
        })
    }
}
