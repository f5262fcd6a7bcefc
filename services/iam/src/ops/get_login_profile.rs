//! iam:GetLoginProfile — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetLoginProfile.html>

use api_iam::op::GetLoginProfile;
use api_iam::{GetLoginProfileRequest, GetLoginProfileResponse};

use crate::login;
use crate::prelude::*;
use crate::records::User;

impl Handle<GetLoginProfile> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetLoginProfileRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, self.user_name(cx, input.user_name.as_deref())?)
            .await
    }

    async fn handle(&self, cx: &Cx, input: GetLoginProfileRequest) -> Reply<GetLoginProfile> {
        let name = self.user_name(cx, input.user_name.as_deref())?;
        let user = self.get::<User>(cx, name).await?.record;
        match user.login {
            Some(login) => Ok(GetLoginProfileResponse {
                login_profile: login.to_api(user.common.name),
            }),
            None => Err(login::missing(name)),
        }
    }
}
