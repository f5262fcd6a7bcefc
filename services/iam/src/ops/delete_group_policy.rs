//! iam:DeleteGroupPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroupPolicy.html>

use api_iam::DeleteGroupPolicyRequest;
use api_iam::op::DeleteGroupPolicy;

use crate::prelude::*;
use crate::records::Group;

impl Handle<DeleteGroupPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteGroupPolicyRequest) -> Result<Needs> {
        self.needs_on::<Group>(cx, &input.group_name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteGroupPolicyRequest) -> Reply<DeleteGroupPolicy> {
        self.delete_inline::<Group>(cx, &input.group_name, &input.policy_name)
            .await?;
        Ok(Empty {})
    }
}
