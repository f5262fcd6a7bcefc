//! iam:ListRoleTags — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoleTags.html>

use api_iam::op::ListRoleTags;
use api_iam::{ListRoleTagsRequest, ListRoleTagsResponse};

use crate::prelude::*;
use crate::records::Role;

impl Handle<ListRoleTags> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListRoleTagsRequest) -> Result<Needs> {
        self.needs_on::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: ListRoleTagsRequest) -> Reply<ListRoleTags> {
        let page = self
            .tags_page::<Role>(cx, &input.role_name, input.marker.as_deref(), input.max_items)
            .await?;
        Ok(ListRoleTagsResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            tags: page.items,
        })
    }
}
