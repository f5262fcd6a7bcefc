//! iam:UpdateUser — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html>

use api_iam::UpdateUserRequest;
use api_iam::op::UpdateUser;

use crate::entities;
use crate::prelude::*;
use crate::records::User;

impl Handle<UpdateUser> for Iam {
    async fn needs(&self, cx: &Cx, input: &UpdateUserRequest) -> Result<Needs> {
        let needs = self.needs_on::<User>(cx, &input.user_name).await?;
        if input.new_path.is_none() && input.new_user_name.is_none() {
            return Ok(needs);
        }
        // AWS: whoever renames needs the permission on the old and on the new name.
        let old = self
            .find::<User>(cx.account(), &input.user_name)
            .await?
            .map(|found| found.record.common);
        let path = input
            .new_path
            .as_deref()
            .or(old.as_ref().map(|old| old.path.as_str()))
            .unwrap_or("/");
        let name = input.new_user_name.as_deref().unwrap_or(&input.user_name);
        Ok(needs.also_on(entities::arn::<User>(cx, path, name)))
    }

    async fn handle(&self, cx: &Cx, input: UpdateUserRequest) -> Reply<UpdateUser> {
        let (path, name) = (input.new_path.as_deref(), input.new_user_name.as_deref());
        self.rename::<User>(cx, &input.user_name, path, name).await?;
        Ok(Empty {})
    }
}
