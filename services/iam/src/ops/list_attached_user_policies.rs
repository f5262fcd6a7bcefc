//! iam:ListAttachedUserPolicies — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedUserPolicies.html>

use api_iam::op::ListAttachedUserPolicies;
use api_iam::{ListAttachedUserPoliciesRequest, ListAttachedUserPoliciesResponse};

use crate::prelude::*;
use crate::records::User;

impl Handle<ListAttachedUserPolicies> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListAttachedUserPoliciesRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, &input.user_name).await
    }

    async fn handle(&self, cx: &Cx, input: ListAttachedUserPoliciesRequest) -> Reply<ListAttachedUserPolicies> {
        let (prefix, marker) = (input.path_prefix.as_deref(), input.marker.as_deref());
        let page = self
            .attached_page::<User>(cx, &input.user_name, prefix, marker, input.max_items)
            .await?;
        Ok(ListAttachedUserPoliciesResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            attached_policies: Some(page.items),
        })
    }
}
