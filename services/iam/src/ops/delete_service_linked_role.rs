//! iam:DeleteServiceLinkedRole — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteServiceLinkedRole.html>

use api_iam::op::DeleteServiceLinkedRole;
use api_iam::{DeleteServiceLinkedRoleRequest, DeleteServiceLinkedRoleResponse};

use crate::prelude::*;
use crate::records::Role;

impl Handle<DeleteServiceLinkedRole> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteServiceLinkedRoleRequest) -> Result<Needs> {
        self.needs_on::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteServiceLinkedRoleRequest) -> Reply<DeleteServiceLinkedRole> {
        let deletion_task_id = self.delete_linked(cx, &input.role_name).await?;
        Ok(DeleteServiceLinkedRoleResponse { deletion_task_id })
    }
}
