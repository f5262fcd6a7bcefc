//! iam:RemoveUserFromGroup — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveUserFromGroup.html>

use api_iam::RemoveUserFromGroupRequest;
use api_iam::op::RemoveUserFromGroup;
use roadstead_store::{Op, Table};

use crate::entities::scope;
use crate::prelude::*;
use crate::records::{Group, Member, User};

impl Handle<RemoveUserFromGroup> for Iam {
    async fn needs(&self, cx: &Cx, input: &RemoveUserFromGroupRequest) -> Result<Needs> {
        self.needs_on::<Group>(cx, &input.group_name).await
    }

    async fn handle(&self, cx: &Cx, input: RemoveUserFromGroupRequest) -> Reply<RemoveUserFromGroup> {
        let group = self.get::<Group>(cx, &input.group_name).await?.record.common;
        self.change::<User>(cx, &input.user_name, |user, txn| {
            if user.groups.contains(&group.id) {
                user.groups.retain(|known| *known != group.id);
                let id = [group.id.as_str(), &user.common.id];
                txn.push(Op::Delete {
                    key: Table::<Member>::key(scope(&cx.account()), &id),
                });
            }
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
