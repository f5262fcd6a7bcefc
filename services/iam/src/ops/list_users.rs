//! iam:ListUsers — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html>

use api_iam::op::ListUsers;
use api_iam::{ListUsersRequest, ListUsersResponse};

use crate::prelude::*;
use crate::records::User;

impl Handle<ListUsers> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListUsersRequest) -> Result<Needs> {
        Ok(Needs::on(cx.place().global_arn(
            "iam",
            format_args!("user{}", input.path_prefix.as_deref().unwrap_or("/")),
        )))
    }

    async fn handle(&self, cx: &Cx, input: ListUsersRequest) -> Reply<ListUsers> {
        let (prefix, marker) = (input.path_prefix.as_deref(), input.marker.as_deref());
        let page = self.page_of::<User>(cx, prefix, marker, input.max_items).await?;
        Ok(ListUsersResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            users: page.items.iter().map(User::to_listed_api).collect(),
        })
    }
}
