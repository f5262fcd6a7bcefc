//! iam:PutUserPermissionsBoundary — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html>

use api_iam::PutUserPermissionsBoundaryRequest;
use api_iam::op::PutUserPermissionsBoundary;

use crate::prelude::*;
use crate::records::User;

impl Handle<PutUserPermissionsBoundary> for Iam {
    async fn needs(&self, cx: &Cx, input: &PutUserPermissionsBoundaryRequest) -> Result<Needs> {
        self.needs_to_bound::<User>(cx, &input.user_name, &input.permissions_boundary)
            .await
    }

    async fn handle(&self, cx: &Cx, input: PutUserPermissionsBoundaryRequest) -> Reply<PutUserPermissionsBoundary> {
        let boundary = Some(input.permissions_boundary.as_str());
        self.set_boundary::<User>(cx, &input.user_name, boundary, |user| &mut user.boundary)
            .await?;
        Ok(Empty {})
    }
}
