//! iam:GetUser — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html>

use api_iam::op::GetUser;
use api_iam::{GetUserRequest, GetUserResponse};

use crate::prelude::*;
use crate::records::User;

impl Handle<GetUser> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetUserRequest) -> Result<Needs> {
        match self.user_or_root(cx, input.user_name.as_deref())? {
            Some(name) => self.needs_on::<User>(cx, name).await,
            None => Ok(Needs::on(cx.caller().arn())),
        }
    }

    async fn handle(&self, cx: &Cx, input: GetUserRequest) -> Reply<GetUser> {
        let Some(name) = self.user_or_root(cx, input.user_name.as_deref())? else {
            // AWS: asked without a name, root is told about itself.
            let root = api_iam::User {
                user_id: cx.caller().user_id().to_owned(),
                arn: cx.caller().arn().to_owned(),
                ..api_iam::User::default()
            };
            return Ok(GetUserResponse { user: root });
        };
        Ok(GetUserResponse {
            user: self.get::<User>(cx, name).await?.record.to_api(),
        })
    }
}
