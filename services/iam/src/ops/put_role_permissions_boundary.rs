//! iam:PutRolePermissionsBoundary — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePermissionsBoundary.html>

use api_iam::PutRolePermissionsBoundaryRequest;
use api_iam::op::PutRolePermissionsBoundary;

use crate::prelude::*;
use crate::records::Role;

impl Handle<PutRolePermissionsBoundary> for Iam {
    async fn needs(&self, cx: &Cx, input: &PutRolePermissionsBoundaryRequest) -> Result<Needs> {
        self.needs_to_bound::<Role>(cx, &input.role_name, &input.permissions_boundary)
            .await
    }

    async fn handle(&self, cx: &Cx, input: PutRolePermissionsBoundaryRequest) -> Reply<PutRolePermissionsBoundary> {
        let boundary = Some(input.permissions_boundary.as_str());
        self.set_boundary::<Role>(cx, &input.role_name, boundary, |role| &mut role.boundary)
            .await?;
        Ok(Empty {})
    }
}
