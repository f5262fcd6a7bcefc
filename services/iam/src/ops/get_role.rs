//! iam:GetRole — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html>

use api_iam::op::GetRole;
use api_iam::{GetRoleRequest, GetRoleResponse};

use crate::prelude::*;
use crate::records::Role;

impl Handle<GetRole> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetRoleRequest) -> Result<Needs> {
        self.needs_on_bounded::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: GetRoleRequest) -> Reply<GetRole> {
        let mut role = self.get::<Role>(cx, &input.role_name).await?.record;
        self.refresh(cx.account(), &mut role).await?;
        let last_used = self.role_last_used(cx, &role).await?;
        Ok(GetRoleResponse {
            role: api_iam::Role {
                role_last_used: Some(last_used),
                ..role.to_api()
            },
        })
    }
}
