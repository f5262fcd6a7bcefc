//! iam:ListUserTags — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUserTags.html>

use api_iam::op::ListUserTags;
use api_iam::{ListUserTagsRequest, ListUserTagsResponse};

use crate::prelude::*;
use crate::records::User;

impl Handle<ListUserTags> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListUserTagsRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, &input.user_name).await
    }

    async fn handle(&self, cx: &Cx, input: ListUserTagsRequest) -> Reply<ListUserTags> {
        let page = self
            .tags_page::<User>(cx, &input.user_name, input.marker.as_deref(), input.max_items)
            .await?;
        Ok(ListUserTagsResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            tags: page.items,
        })
    }
}
