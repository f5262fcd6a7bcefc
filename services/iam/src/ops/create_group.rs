//! iam:CreateGroup — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html>

use api_iam::op::CreateGroup;
use api_iam::{CreateGroupRequest, CreateGroupResponse};
use roadstead_store::Txn;

use crate::entities;
use crate::prelude::*;
use crate::records::Group;

impl Handle<CreateGroup> for Iam {
    async fn needs(&self, cx: &Cx, input: &CreateGroupRequest) -> Result<Needs> {
        Ok(Needs::on(entities::arn::<Group>(
            cx,
            input.path.as_deref().unwrap_or("/"),
            &input.group_name,
        )))
    }

    async fn handle(&self, cx: &Cx, input: CreateGroupRequest) -> Reply<CreateGroup> {
        let group = Group {
            common: self.new_common::<Group>(cx, input.path.as_deref(), &input.group_name, Tags::new()),
            inline: std::collections::BTreeMap::new(),
            attached: Vec::new(),
        };
        self.retry(|| async {
            self.free::<Group>(cx, &group.common.name).await?;
            let mut txn = Txn::new();
            self.stage_create(&mut txn, cx.account(), &group)?;
            self.commit(cx.account(), txn).await
        })
        .await?;
        Ok(CreateGroupResponse { group: group.to_api() })
    }
}
