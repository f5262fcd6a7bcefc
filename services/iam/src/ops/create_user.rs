//! iam:CreateUser — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html>

use api_iam::op::CreateUser;
use api_iam::{CreateUserRequest, CreateUserResponse};
use roadstead_store::Txn;

use crate::prelude::*;
use crate::records::{Kind, User};
use crate::{entities, tagging};

impl Handle<CreateUser> for Iam {
    async fn needs(&self, cx: &Cx, input: &CreateUserRequest) -> Result<Needs> {
        let arn = entities::arn::<User>(cx, input.path.as_deref().unwrap_or("/"), &input.user_name);
        Ok(Needs::on(arn)
            .request_tags(&tagging::requested(input.tags.as_deref()))
            .key_if("iam:PermissionsBoundary", input.permissions_boundary.as_deref()))
    }

    async fn handle(&self, cx: &Cx, input: CreateUserRequest) -> Reply<CreateUser> {
        let tags = tagging::from_api(input.tags.as_deref())?;
        let user = User {
            common: self.new_common::<User>(cx, input.path.as_deref(), &input.user_name, tags),
            boundary: input.permissions_boundary,
            inline: std::collections::BTreeMap::new(),
            attached: Vec::new(),
            groups: Vec::new(),
            access_keys: Vec::new(),
            login: None,
        };
        self.retry(|| async {
            self.free::<User>(cx, &user.common.name).await?;
            let mut txn = Txn::new();
            if let Some(arn) = &user.boundary {
                self.require_boundary(cx, &mut txn, arn).await?;
                self.stage_boundary(&mut txn, cx.account(), Kind::User, &user.common.id, arn)?;
            }
            self.stage_create(&mut txn, cx.account(), &user)?;
            self.commit(cx.account(), txn).await
        })
        .await?;
        Ok(CreateUserResponse {
            user: Some(user.to_api()),
        })
    }
}
