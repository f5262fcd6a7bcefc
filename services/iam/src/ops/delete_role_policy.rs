//! iam:DeleteRolePolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePolicy.html>

use api_iam::DeleteRolePolicyRequest;
use api_iam::op::DeleteRolePolicy;

use crate::prelude::*;
use crate::records::Role;

impl Handle<DeleteRolePolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteRolePolicyRequest) -> Result<Needs> {
        self.needs_on_bounded::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteRolePolicyRequest) -> Reply<DeleteRolePolicy> {
        self.delete_inline::<Role>(cx, &input.role_name, &input.policy_name)
            .await?;
        Ok(Empty {})
    }
}
