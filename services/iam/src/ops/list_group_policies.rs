//! iam:ListGroupPolicies — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupPolicies.html>

use api_iam::op::ListGroupPolicies;
use api_iam::{ListGroupPoliciesRequest, ListGroupPoliciesResponse};

use crate::prelude::*;
use crate::records::Group;

impl Handle<ListGroupPolicies> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListGroupPoliciesRequest) -> Result<Needs> {
        self.needs_on::<Group>(cx, &input.group_name).await
    }

    async fn handle(&self, cx: &Cx, input: ListGroupPoliciesRequest) -> Reply<ListGroupPolicies> {
        let page = self
            .inline_page::<Group>(cx, &input.group_name, input.marker.as_deref(), input.max_items)
            .await?;
        Ok(ListGroupPoliciesResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            policy_names: page.items,
        })
    }
}
