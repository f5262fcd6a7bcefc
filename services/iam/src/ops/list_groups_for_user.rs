//! iam:ListGroupsForUser — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupsForUser.html>

use api_iam::op::ListGroupsForUser;
use api_iam::{ListGroupsForUserRequest, ListGroupsForUserResponse};

use crate::pages;
use crate::prelude::*;
use crate::records::{Group, User};

impl Handle<ListGroupsForUser> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListGroupsForUserRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, &input.user_name).await
    }

    async fn handle(&self, cx: &Cx, input: ListGroupsForUserRequest) -> Reply<ListGroupsForUser> {
        let user = self.get::<User>(cx, &input.user_name).await?.record;
        let mut groups = Vec::new();
        for id in &user.groups {
            let found = self.find_by_id::<Group>(cx.account(), id).await?;
            groups.extend(found.map(|found| found.record.to_api()));
        }
        let list = format!("groups:{}", user.common.id);
        let page = pages::cut(
            &list,
            groups,
            |group| &group.group_name,
            input.marker.as_deref(),
            input.max_items,
        )?;
        Ok(ListGroupsForUserResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            groups: page.items,
        })
    }
}
