//! cloudtrail:RemoveTags — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RemoveTags.html>

use api_cloudtrail::op::RemoveTags;
use api_cloudtrail::{RemoveTagsRequest, RemoveTagsResponse};

use crate::prelude::*;
use crate::tags;

impl Handle<RemoveTags> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &RemoveTagsRequest) -> Result<Needs> {
        let needs = self.needs_on_tagged(cx, &input.resource_id).await?;
        Ok(needs.tag_keys(input.tags_list.iter().map(|tag| tag.key.clone())))
    }

    async fn handle(&self, cx: &Cx, input: RemoveTagsRequest) -> Reply<RemoveTags> {
        tags::check_keys(&input.tags_list)?;
        // AWS: a value that is given along with the key does not matter.
        self.change_tags(cx, &input.resource_id, |tags| {
            input.tags_list.iter().for_each(|tag| tags.remove(&tag.key));
            Ok(())
        })
        .await?;
        Ok(RemoveTagsResponse {})
    }
}
