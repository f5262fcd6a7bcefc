//! iam:ListInstanceProfileTags — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfileTags.html>

use api_iam::op::ListInstanceProfileTags;
use api_iam::{ListInstanceProfileTagsRequest, ListInstanceProfileTagsResponse};

use crate::prelude::*;
use crate::records::InstanceProfile;

impl Handle<ListInstanceProfileTags> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListInstanceProfileTagsRequest) -> Result<Needs> {
        self.needs_on::<InstanceProfile>(cx, &input.instance_profile_name).await
    }

    async fn handle(&self, cx: &Cx, input: ListInstanceProfileTagsRequest) -> Reply<ListInstanceProfileTags> {
        let page = self
            .tags_page::<InstanceProfile>(
                cx,
                &input.instance_profile_name,
                input.marker.as_deref(),
                input.max_items,
            )
            .await?;
        Ok(ListInstanceProfileTagsResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            tags: page.items,
        })
    }
}
