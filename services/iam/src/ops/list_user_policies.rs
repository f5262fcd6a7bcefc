//! iam:ListUserPolicies — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUserPolicies.html>

use api_iam::op::ListUserPolicies;
use api_iam::{ListUserPoliciesRequest, ListUserPoliciesResponse};

use crate::prelude::*;
use crate::records::User;

impl Handle<ListUserPolicies> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListUserPoliciesRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, &input.user_name).await
    }

    async fn handle(&self, cx: &Cx, input: ListUserPoliciesRequest) -> Reply<ListUserPolicies> {
        let page = self
            .inline_page::<User>(cx, &input.user_name, input.marker.as_deref(), input.max_items)
            .await?;
        Ok(ListUserPoliciesResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            policy_names: page.items,
        })
    }
}
