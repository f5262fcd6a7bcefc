//! cloudtrail:AddTags — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AddTags.html>

use api_cloudtrail::op::AddTags;
use api_cloudtrail::{AddTagsRequest, AddTagsResponse};

use crate::prelude::*;
use crate::tags;

impl Handle<AddTags> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &AddTagsRequest) -> Result<Needs> {
        let needs = self.needs_on_tagged(cx, &input.resource_id).await?;
        Ok(needs.request_tags(&tags::from_api(Some(&input.tags_list))))
    }

    async fn handle(&self, cx: &Cx, input: AddTagsRequest) -> Reply<AddTags> {
        tags::check_keys(&input.tags_list)?;
        let added = tags::from_api(Some(&input.tags_list));
        self.change_tags(cx, &input.resource_id, |tags| {
            tags.merge(&added);
            tags::check_count(tags)
        })
        .await?;
        Ok(AddTagsResponse {})
    }
}
