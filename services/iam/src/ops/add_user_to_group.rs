//! iam:AddUserToGroup — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddUserToGroup.html>

use api_iam::AddUserToGroupRequest;
use api_iam::op::AddUserToGroup;
use roadstead_policy::limits;
use roadstead_store::Txn;

use crate::entities::scope;
use crate::prelude::*;
use crate::problems;
use crate::records::{Group, Member, User};

impl Handle<AddUserToGroup> for Iam {
    async fn needs(&self, cx: &Cx, input: &AddUserToGroupRequest) -> Result<Needs> {
        self.needs_on::<Group>(cx, &input.group_name).await
    }

    async fn handle(&self, cx: &Cx, input: AddUserToGroupRequest) -> Reply<AddUserToGroup> {
        self.retry(|| async {
            let group = self.get::<Group>(cx, &input.group_name).await?.record.common;
            let mut found = self.get::<User>(cx, &input.user_name).await?;
            let user = &mut found.record;
            if user.groups.contains(&group.id) {
                return Ok(());
            }
            if user.groups.len() >= limits::GROUPS_PER_USER {
                return Err(problems::quota("GroupsPerUser", limits::GROUPS_PER_USER));
            }
            user.groups.push(group.id.clone());
            let (id, member) = (
                [group.id.as_str(), &user.common.id],
                Member {
                    user: user.common.id.clone(),
                },
            );
            let mut txn = Txn::new();
            self.table().stage_put(&mut txn, scope(&cx.account()), &id, &member)?;
            self.require::<Group>(&mut txn, cx.account(), &group.name);
            self.stage_replace(&mut txn, cx.account(), &found)?;
            self.commit(cx.account(), txn).await.map(|_| ())
        })
        .await?;
        Ok(Empty {})
    }
}
