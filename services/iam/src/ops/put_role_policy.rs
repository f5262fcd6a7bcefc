//! iam:PutRolePolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html>

use api_iam::PutRolePolicyRequest;
use api_iam::op::PutRolePolicy;

use crate::prelude::*;
use crate::records::Role;

impl Handle<PutRolePolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &PutRolePolicyRequest) -> Result<Needs> {
        self.needs_on_bounded::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: PutRolePolicyRequest) -> Reply<PutRolePolicy> {
        self.put_inline::<Role>(cx, &input.role_name, &input.policy_name, &input.policy_document)
            .await?;
        Ok(Empty {})
    }
}
