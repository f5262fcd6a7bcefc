//! iam:UpdateLoginProfile — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html>

use api_iam::UpdateLoginProfileRequest;
use api_iam::op::UpdateLoginProfile;

use crate::login;
use crate::prelude::*;
use crate::records::User;

impl Handle<UpdateLoginProfile> for Iam {
    async fn needs(&self, cx: &Cx, input: &UpdateLoginProfileRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, &input.user_name).await
    }

    async fn handle(&self, cx: &Cx, input: UpdateLoginProfileRequest) -> Reply<UpdateLoginProfile> {
        if let Some(password) = &input.password {
            self.check_password(cx, password).await?;
        }
        self.change::<User>(cx, &input.user_name, |user, _| {
            let login = user.login.as_mut().ok_or_else(|| login::missing(&input.user_name))?;
            login.reset_required = input.password_reset_required.unwrap_or(login.reset_required);
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
