//! iam:UpdateUser — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html>

use api_iam::UpdateUserRequest;
use api_iam::op::UpdateUser;

use crate::prelude::*;
use crate::records::User;

impl Handle<UpdateUser> for Iam {
    async fn needs(&self, cx: &Cx, input: &UpdateUserRequest) -> Result<Needs> {
        let (path, name) = (input.new_path.as_deref(), input.new_user_name.as_deref());
        self.needs_to_rename::<User>(cx, &input.user_name, path, name).await
    }

    async fn handle(&self, cx: &Cx, input: UpdateUserRequest) -> Reply<UpdateUser> {
        let (path, name) = (input.new_path.as_deref(), input.new_user_name.as_deref());
        self.rename::<User>(cx, &input.user_name, path, name).await?;
        Ok(Empty {})
    }
}
