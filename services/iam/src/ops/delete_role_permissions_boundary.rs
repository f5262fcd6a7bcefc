//! iam:DeleteRolePermissionsBoundary — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePermissionsBoundary.html>

use api_iam::DeleteRolePermissionsBoundaryRequest;
use api_iam::op::DeleteRolePermissionsBoundary;

use crate::prelude::*;
use crate::records::Role;

impl Handle<DeleteRolePermissionsBoundary> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteRolePermissionsBoundaryRequest) -> Result<Needs> {
        self.needs_on_bounded::<Role>(cx, &input.role_name).await
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: DeleteRolePermissionsBoundaryRequest,
    ) -> Reply<DeleteRolePermissionsBoundary> {
        self.set_boundary::<Role>(cx, &input.role_name, None, |role| &mut role.boundary)
            .await?;
        Ok(Empty {})
    }
}
