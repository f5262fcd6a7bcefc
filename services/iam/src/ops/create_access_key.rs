//! iam:CreateAccessKey — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html>

use api_iam::op::CreateAccessKey;
use api_iam::{CreateAccessKeyRequest, CreateAccessKeyResponse};
use roadstead_store::Scope;

use crate::prelude::*;
use crate::problems;
use crate::records::{AccessKey, User};

impl Handle<CreateAccessKey> for Iam {
    async fn needs(&self, cx: &Cx, input: &CreateAccessKeyRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, self.user_name(cx, input.user_name.as_deref())?)
            .await
    }

    async fn handle(&self, cx: &Cx, input: CreateAccessKeyRequest) -> Reply<CreateAccessKey> {
        let name = self.user_name(cx, input.user_name.as_deref())?;
        let (id, secret) = (cx.ids().access_key("AKIA"), cx.ids().secret_key());
        let mut made = None;
        let user = self
            .change::<User>(cx, name, |user, txn| {
                if user.access_keys.len() >= AccessKey::PER_USER {
                    return Err(problems::quota("AccessKeysPerUser", AccessKey::PER_USER));
                }
                let key = AccessKey {
                    id: id.clone(),
                    account: cx.account(),
                    user: user.common.id.clone(),
                    secret: secret.clone(),
                    active: true,
                    created: cx.now().cut_to_secs(),
                };
                self.table().stage_new(txn, Scope::installation(), &[&id], &key)?;
                user.access_keys.push(id.clone());
                made = Some(key);
                Ok(())
            })
            .await?;
        let key = made.ok_or_else(|| Fault::internal("an access key that was not made"))?;
        let access_key = api_iam::AccessKey {
            user_name: user.common.name,
            status: key.status(),
            access_key_id: key.id,
            secret_access_key: key.secret,
            create_date: Some(key.created),
        };
        Ok(CreateAccessKeyResponse { access_key })
    }
}
