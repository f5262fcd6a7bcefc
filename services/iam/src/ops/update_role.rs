//! iam:UpdateRole — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html>

use api_iam::op::UpdateRole;
use api_iam::{UpdateRoleRequest, UpdateRoleResponse};

use crate::prelude::*;
use crate::problems;
use crate::records::Role;

impl Handle<UpdateRole> for Iam {
    async fn needs(&self, cx: &Cx, input: &UpdateRoleRequest) -> Result<Needs> {
        self.needs_on_bounded::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: UpdateRoleRequest) -> Reply<UpdateRole> {
        let secs = input.max_session_duration.and_then(|secs| u32::try_from(secs).ok());
        self.change::<Role>(cx, &input.role_name, |role, _| {
            if let Some(secs) = secs {
                if role.linked.is_some() {
                    return Err(problems::unmodifiable(format!(
                        "{} is an AWS service linked role, max session duration cannot be changed.",
                        role.common.name
                    )));
                }
                role.max_session_secs = secs;
            }
            if let Some(description) = &input.description {
                role.description.clone_from(description);
            }
            Ok(())
        })
        .await?;
        Ok(UpdateRoleResponse {})
    }
}
