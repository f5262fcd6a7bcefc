//! iam:UpdateAccessKey — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html>

use api_iam::StatusType;
use api_iam::UpdateAccessKeyRequest;
use api_iam::op::UpdateAccessKey;
use roadstead_store::{Scope, Txn};

use crate::prelude::*;
use crate::records::User;

impl Handle<UpdateAccessKey> for Iam {
    async fn needs(&self, cx: &Cx, input: &UpdateAccessKeyRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, self.user_name(cx, input.user_name.as_deref())?)
            .await
    }

    async fn handle(&self, cx: &Cx, input: UpdateAccessKeyRequest) -> Reply<UpdateAccessKey> {
        let name = self.user_name(cx, input.user_name.as_deref())?;
        let active = input.status == StatusType::Active;
        self.retry(|| async {
            let mut found = self.access_key_of(cx, name, &input.access_key_id).await?;
            found.record.active = active;
            let mut txn = Txn::new();
            let id = [input.access_key_id.as_str()];
            self.table()
                .stage_replace(&mut txn, Scope::installation(), &id, found.revision, &found.record)?;
            self.commit(cx.account(), txn).await
        })
        .await?;
        Ok(Empty {})
    }
}
