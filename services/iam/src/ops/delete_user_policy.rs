//! iam:DeleteUserPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPolicy.html>

use api_iam::DeleteUserPolicyRequest;
use api_iam::op::DeleteUserPolicy;

use crate::prelude::*;
use crate::records::User;

impl Handle<DeleteUserPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteUserPolicyRequest) -> Result<Needs> {
        self.needs_on_bounded::<User>(cx, &input.user_name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteUserPolicyRequest) -> Reply<DeleteUserPolicy> {
        self.delete_inline::<User>(cx, &input.user_name, &input.policy_name)
            .await?;
        Ok(Empty {})
    }
}
