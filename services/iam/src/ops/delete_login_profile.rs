//! iam:DeleteLoginProfile — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteLoginProfile.html>

use api_iam::DeleteLoginProfileRequest;
use api_iam::op::DeleteLoginProfile;

use crate::login;
use crate::prelude::*;
use crate::records::User;

impl Handle<DeleteLoginProfile> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteLoginProfileRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, self.user_name(cx, input.user_name.as_deref())?)
            .await
    }

    async fn handle(&self, cx: &Cx, input: DeleteLoginProfileRequest) -> Reply<DeleteLoginProfile> {
        let name = self.user_name(cx, input.user_name.as_deref())?;
        self.change::<User>(cx, name, |user, _| {
            user.login.take().map(|_| ()).ok_or_else(|| login::missing(name))
        })
        .await?;
        Ok(Empty {})
    }
}
