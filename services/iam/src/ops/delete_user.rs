//! iam:DeleteUser — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html>

use api_iam::DeleteUserRequest;
use api_iam::op::DeleteUser;
use roadstead_store::Txn;

use crate::prelude::*;
use crate::problems;
use crate::records::{Kind, User};

impl Handle<DeleteUser> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteUserRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, &input.user_name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteUserRequest) -> Reply<DeleteUser> {
        self.retry(|| async {
            let found = self.get::<User>(cx, &input.user_name).await?;
            let user = &found.record;
            if user.login.is_some() {
                return Err(problems::in_use(
                    "Cannot delete entity, must delete login profile first.",
                ));
            }
            if !user.access_keys.is_empty() {
                return Err(problems::in_use("Cannot delete entity, must delete access keys first."));
            }
            self.refuse_with_policies(user)?;
            if !user.groups.is_empty() {
                return Err(problems::in_use(
                    "Cannot delete entity, must remove users from group first.",
                ));
            }
            let mut txn = Txn::new();
            if let Some(boundary) = &user.boundary {
                self.stage_boundary_end(&mut txn, cx.account(), Kind::User, &user.common.id, boundary);
            }
            self.stage_delete(&mut txn, cx.account(), &found);
            self.commit(cx.account(), txn).await
        })
        .await?;
        Ok(Empty {})
    }
}
