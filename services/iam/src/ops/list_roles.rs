//! iam:ListRoles — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html>

use api_iam::op::ListRoles;
use api_iam::{ListRolesRequest, ListRolesResponse};

use crate::prelude::*;
use crate::records::Role;

impl Handle<ListRoles> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListRolesRequest) -> Result<Needs> {
        Ok(Needs::on(cx.place().global_arn(
            "iam",
            format_args!("role{}", input.path_prefix.as_deref().unwrap_or("/")),
        )))
    }

    async fn handle(&self, cx: &Cx, input: ListRolesRequest) -> Reply<ListRoles> {
        let (prefix, marker) = (input.path_prefix.as_deref(), input.marker.as_deref());
        let mut page = self.page_of::<Role>(cx, prefix, marker, input.max_items).await?;
        for role in &mut page.items {
            self.refresh(cx.account(), role).await?;
        }
        Ok(ListRolesResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            roles: page.items.iter().map(Role::to_listed_api).collect(),
        })
    }
}
