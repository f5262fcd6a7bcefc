//! iam:ListRolePolicies — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRolePolicies.html>

use api_iam::op::ListRolePolicies;
use api_iam::{ListRolePoliciesRequest, ListRolePoliciesResponse};

use crate::prelude::*;
use crate::records::Role;

impl Handle<ListRolePolicies> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListRolePoliciesRequest) -> Result<Needs> {
        self.needs_on::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: ListRolePoliciesRequest) -> Reply<ListRolePolicies> {
        let page = self
            .inline_page::<Role>(cx, &input.role_name, input.marker.as_deref(), input.max_items)
            .await?;
        Ok(ListRolePoliciesResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            policy_names: page.items,
        })
    }
}
