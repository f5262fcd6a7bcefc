//! iam:ListAttachedGroupPolicies — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedGroupPolicies.html>

use api_iam::op::ListAttachedGroupPolicies;
use api_iam::{ListAttachedGroupPoliciesRequest, ListAttachedGroupPoliciesResponse};

use crate::prelude::*;
use crate::records::Group;

impl Handle<ListAttachedGroupPolicies> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListAttachedGroupPoliciesRequest) -> Result<Needs> {
        self.needs_on::<Group>(cx, &input.group_name).await
    }

    async fn handle(&self, cx: &Cx, input: ListAttachedGroupPoliciesRequest) -> Reply<ListAttachedGroupPolicies> {
        let (prefix, marker) = (input.path_prefix.as_deref(), input.marker.as_deref());
        let page = self
            .attached_page::<Group>(cx, &input.group_name, prefix, marker, input.max_items)
            .await?;
        Ok(ListAttachedGroupPoliciesResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            attached_policies: Some(page.items),
        })
    }
}
