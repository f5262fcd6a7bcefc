//! iam:UntagRole — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagRole.html>

use api_iam::UntagRoleRequest;
use api_iam::op::UntagRole;

use crate::prelude::*;
use crate::records::Role;

impl Handle<UntagRole> for Iam {
    async fn needs(&self, cx: &Cx, input: &UntagRoleRequest) -> Result<Needs> {
        self.needs_to_untag::<Role>(cx, &input.role_name, &input.tag_keys).await
    }

    async fn handle(&self, cx: &Cx, input: UntagRoleRequest) -> Reply<UntagRole> {
        self.untag::<Role>(cx, &input.role_name, &input.tag_keys).await?;
        Ok(Empty {})
    }
}
