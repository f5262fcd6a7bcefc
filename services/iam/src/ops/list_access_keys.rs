//! iam:ListAccessKeys — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html>

use api_iam::op::ListAccessKeys;
use api_iam::{ListAccessKeysRequest, ListAccessKeysResponse};

use crate::pages;
use crate::prelude::*;
use crate::records::User;

impl Handle<ListAccessKeys> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListAccessKeysRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, self.user_name(cx, input.user_name.as_deref())?)
            .await
    }

    async fn handle(&self, cx: &Cx, input: ListAccessKeysRequest) -> Reply<ListAccessKeys> {
        let name = self.user_name(cx, input.user_name.as_deref())?;
        let user = self.get::<User>(cx, name).await?.record;
        let mut keys = Vec::new();
        for id in &user.access_keys {
            keys.extend(
                self.find_access_key(id)
                    .await?
                    .map(|found| found.record.to_api(&user.common.name)),
            );
        }
        let list = format!("keys:{}", user.common.id);
        let page = pages::cut_in_order(&list, keys, input.marker.as_deref(), input.max_items)?;
        Ok(ListAccessKeysResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            access_key_metadata: page.items,
        })
    }
}
