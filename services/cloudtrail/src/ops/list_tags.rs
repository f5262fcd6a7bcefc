//! cloudtrail:ListTags — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTags.html>

use api_cloudtrail::op::ListTags;
use api_cloudtrail::{ListTagsRequest, ListTagsResponse, ResourceTag, errors};

use crate::prelude::*;
use crate::tags;

impl Handle<ListTags> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &ListTagsRequest) -> Result<Needs> {
        let Some((first, others)) = input.resource_id_list.split_first() else {
            return Ok(Needs::any());
        };
        let mut needs = self.needs_on_tagged(cx, first).await?;
        for id in others {
            needs = needs.and(self.needs_on_tagged(cx, id).await?);
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: ListTagsRequest) -> Reply<ListTags> {
        // All fit on one page, so that no token was ever given out.
        if input.next_token.is_some() {
            return Err(errors::INVALID_TOKEN_EXCEPTION.with("The token is not valid.").into());
        }
        let mut listed = Vec::new();
        for id in input.resource_id_list {
            let tags = self.tags_of(cx, &id).await?;
            listed.push(ResourceTag {
                resource_id: Some(id),
                tags_list: Some(tags::to_api(&tags)),
            });
        }
        Ok(ListTagsResponse {
            resource_tag_list: Some(listed),
            next_token: None,
        })
    }
}
