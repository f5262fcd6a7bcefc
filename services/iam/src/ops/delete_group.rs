//! iam:DeleteGroup — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html>

use api_iam::DeleteGroupRequest;
use api_iam::op::DeleteGroup;
use roadstead_store::{Guard, Table, Txn};

use crate::entities::scope;
use crate::prelude::*;
use crate::problems;
use crate::records::{Group, Member};

impl Handle<DeleteGroup> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteGroupRequest) -> Result<Needs> {
        self.needs_on::<Group>(cx, &input.group_name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteGroupRequest) -> Reply<DeleteGroup> {
        self.retry(|| async {
            let found = self.get::<Group>(cx, &input.group_name).await?;
            let group = &found.record;
            if !self
                .all_below::<Member>(cx.account(), &group.common.id)
                .await?
                .is_empty()
            {
                return Err(problems::in_use(
                    "Cannot delete entity, must remove users from group first.",
                ));
            }
            self.refuse_with_policies(group)?;
            let mut txn = Txn::new();
            let members = Table::<Member>::prefix(scope(&cx.account()), &[&group.common.id]);
            txn.push_guard(Guard::NoneBelow(members));
            self.stage_delete(&mut txn, cx.account(), &found);
            self.commit(cx.account(), txn).await
        })
        .await?;
        Ok(Empty {})
    }
}
