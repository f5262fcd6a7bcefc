//! iam:GetRole — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html>

use api_iam::op::GetRole;
use api_iam::{GetRoleRequest, GetRoleResponse};
use api_iam::RoleLastUsed;

use crate::prelude::*;
use crate::records::Role;

impl Handle<GetRole> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetRoleRequest) -> Result<Needs> {
        self.needs_on_bounded::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: GetRoleRequest) -> Reply<GetRole> {
        let role = self.get::<Role>(cx, &input.role_name).await?.record;
        let used = cx.kernel().accessed().last_used(cx.account(), &role.common.id).await?;
        let last_used = RoleLastUsed {
            last_used_date: used.as_ref().map(|used| used.at.cut_to_secs()),
            region: used.map(|used| used.region.to_string()),
        };
        Ok(GetRoleResponse { role: api_iam::Role { role_last_used: Some(last_used), ..role.to_api() } })
    }
}
