//! iam:ListAttachedRolePolicies — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedRolePolicies.html>

use api_iam::op::ListAttachedRolePolicies;
use api_iam::{ListAttachedRolePoliciesRequest, ListAttachedRolePoliciesResponse};

use crate::prelude::*;
use crate::records::Role;

impl Handle<ListAttachedRolePolicies> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListAttachedRolePoliciesRequest) -> Result<Needs> {
        self.needs_on::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: ListAttachedRolePoliciesRequest) -> Reply<ListAttachedRolePolicies> {
        let (prefix, marker) = (input.path_prefix.as_deref(), input.marker.as_deref());
        let page = self
            .attached_page::<Role>(cx, &input.role_name, prefix, marker, input.max_items)
            .await?;
        Ok(ListAttachedRolePoliciesResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            attached_policies: Some(page.items),
        })
    }
}
