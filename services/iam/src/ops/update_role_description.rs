//! iam:UpdateRoleDescription — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRoleDescription.html>

use api_iam::op::UpdateRoleDescription;
use api_iam::{UpdateRoleDescriptionRequest, UpdateRoleDescriptionResponse};

use crate::prelude::*;
use crate::records::Role;

impl Handle<UpdateRoleDescription> for Iam {
    async fn needs(&self, cx: &Cx, input: &UpdateRoleDescriptionRequest) -> Result<Needs> {
        self.needs_on_bounded::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: UpdateRoleDescriptionRequest) -> Reply<UpdateRoleDescription> {
        let mut role = self
            .change::<Role>(cx, &input.role_name, |role, _| {
                role.description.clone_from(&input.description);
                Ok(())
            })
            .await?;
        self.refresh(cx.account(), &mut role).await?;
        let answer = api_iam::Role {
            description: Some(input.description),
            ..role.to_brief_api(&role.trust)
        };
        Ok(UpdateRoleDescriptionResponse { role: Some(answer) })
    }
}
