//! iam:TagUser — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html>

use api_iam::TagUserRequest;
use api_iam::op::TagUser;

use crate::prelude::*;
use crate::records::User;

impl Handle<TagUser> for Iam {
    async fn needs(&self, cx: &Cx, input: &TagUserRequest) -> Result<Needs> {
        self.needs_to_tag::<User>(cx, &input.user_name, &input.tags).await
    }

    async fn handle(&self, cx: &Cx, input: TagUserRequest) -> Reply<TagUser> {
        self.tag::<User>(cx, &input.user_name, &input.tags).await?;
        Ok(Empty {})
    }
}
