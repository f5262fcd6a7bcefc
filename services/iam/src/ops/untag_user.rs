//! iam:UntagUser — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagUser.html>

use api_iam::UntagUserRequest;
use api_iam::op::UntagUser;

use crate::prelude::*;
use crate::records::User;

impl Handle<UntagUser> for Iam {
    async fn needs(&self, cx: &Cx, input: &UntagUserRequest) -> Result<Needs> {
        self.needs_to_untag::<User>(cx, &input.user_name, &input.tag_keys).await
    }

    async fn handle(&self, cx: &Cx, input: UntagUserRequest) -> Reply<UntagUser> {
        self.untag::<User>(cx, &input.user_name, &input.tag_keys).await?;
        Ok(Empty {})
    }
}
