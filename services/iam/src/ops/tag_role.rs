//! iam:TagRole — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagRole.html>

use api_iam::TagRoleRequest;
use api_iam::op::TagRole;

use crate::prelude::*;
use crate::records::Role;

impl Handle<TagRole> for Iam {
    async fn needs(&self, cx: &Cx, input: &TagRoleRequest) -> Result<Needs> {
        self.needs_to_tag::<Role>(cx, &input.role_name, &input.tags).await
    }

    async fn handle(&self, cx: &Cx, input: TagRoleRequest) -> Reply<TagRole> {
        self.tag::<Role>(cx, &input.role_name, &input.tags).await?;
        Ok(Empty {})
    }
}
