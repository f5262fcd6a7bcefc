//! iam:ListPolicyTags — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyTags.html>

use api_iam::op::ListPolicyTags;
use api_iam::{ListPolicyTagsRequest, ListPolicyTagsResponse};

use crate::attachments::Target;
use crate::prelude::*;
use crate::{pages, tagging};

impl Handle<ListPolicyTags> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListPolicyTagsRequest) -> Result<Needs> {
        self.needs_on_policy(cx, &input.policy_arn).await
    }

    async fn handle(&self, cx: &Cx, input: ListPolicyTagsRequest) -> Reply<ListPolicyTags> {
        let tags = match self.policy_of(cx, &input.policy_arn).await? {
            Target::Aws(_) => Vec::new(),
            Target::Own(policy) => tagging::to_api(&policy.common.tags),
        };
        let list = format!("tags:{}", input.policy_arn);
        let page = pages::cut(&list, tags, |tag| &tag.key, input.marker.as_deref(), input.max_items)?;
        Ok(ListPolicyTagsResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            tags: page.items,
        })
    }
}
