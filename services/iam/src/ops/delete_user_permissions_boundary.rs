//! iam:DeleteUserPermissionsBoundary — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPermissionsBoundary.html>

use api_iam::DeleteUserPermissionsBoundaryRequest;
use api_iam::op::DeleteUserPermissionsBoundary;

use crate::prelude::*;
use crate::records::User;

impl Handle<DeleteUserPermissionsBoundary> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteUserPermissionsBoundaryRequest) -> Result<Needs> {
        self.needs_on_bounded::<User>(cx, &input.user_name).await
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: DeleteUserPermissionsBoundaryRequest,
    ) -> Reply<DeleteUserPermissionsBoundary> {
        self.set_boundary::<User>(cx, &input.user_name, None, |user| &mut user.boundary)
            .await?;
        Ok(Empty {})
    }
}
