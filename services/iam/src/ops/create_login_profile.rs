//! iam:CreateLoginProfile — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html>

use api_iam::op::CreateLoginProfile;
use api_iam::{CreateLoginProfileRequest, CreateLoginProfileResponse};

use crate::prelude::*;
use crate::problems;
use crate::records::{Login, User};

impl Handle<CreateLoginProfile> for Iam {
    async fn needs(&self, cx: &Cx, input: &CreateLoginProfileRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, self.user_name(cx, input.user_name.as_deref())?)
            .await
    }

    async fn handle(&self, cx: &Cx, input: CreateLoginProfileRequest) -> Reply<CreateLoginProfile> {
        let name = self.user_name(cx, input.user_name.as_deref())?;
        let login = Login {
            created: cx.now().cut_to_secs(),
            reset_required: input.password_reset_required.unwrap_or_default(),
        };
        self.check_password(cx, input.password.as_deref().unwrap_or_default())
            .await?;
        let user = self
            .change::<User>(cx, name, |user, _| match user.login {
                Some(_) => Err(problems::exists(format!(
                    "Login Profile for user {} already exists.",
                    user.common.name
                ))),
                None => {
                    user.login = Some(login.clone());
                    Ok(())
                }
            })
            .await?;
        Ok(CreateLoginProfileResponse {
            login_profile: login.to_api(user.common.name),
        })
    }
}
