//! iam:DeleteRole — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html>

use api_iam::DeleteRoleRequest;
use api_iam::op::DeleteRole;
use roadstead_store::{Guard, Table, Txn};

use crate::entities::scope;
use crate::prelude::*;
use crate::problems;
use crate::records::{Entity as _, Kind, ProfileOfRole, Role};

impl Handle<DeleteRole> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteRoleRequest) -> Result<Needs> {
        self.needs_on_bounded::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteRoleRequest) -> Reply<DeleteRole> {
        self.retry(|| async {
            let found = self.get::<Role>(cx, &input.role_name).await?;
            let role = &found.record;
            role.changeable()?;
            if !self
                .all_below::<ProfileOfRole>(cx.account(), &role.common.id)
                .await?
                .is_empty()
            {
                return Err(problems::in_use(
                    "Cannot delete entity, must remove roles from instance profile first.",
                ));
            }
            self.refuse_with_policies(role)?;
            let mut txn = Txn::new();
            let profiles = Table::<ProfileOfRole>::prefix(scope(&cx.account()), &[&role.common.id]);
            txn.push_guard(Guard::NoneBelow(profiles));
            if let Some(boundary) = &role.boundary {
                self.stage_boundary_end(&mut txn, cx.account(), Kind::Role, &role.common.id, boundary);
            }
            self.stage_delete(&mut txn, cx.account(), &found);
            self.commit(cx.account(), txn).await
        })
        .await?;
        Ok(Empty {})
    }
}
