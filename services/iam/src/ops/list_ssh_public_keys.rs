//! iam:ListSSHPublicKeys — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSSHPublicKeys.html>

use api_iam::op::ListSSHPublicKeys;
use api_iam::{ListSSHPublicKeysRequest, ListSSHPublicKeysResponse};

use crate::prelude::*;
use crate::records::User;

impl Handle<ListSSHPublicKeys> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListSSHPublicKeysRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, self.user_name(cx, input.user_name.as_deref())?)
            .await
    }

    async fn handle(&self, cx: &Cx, input: ListSSHPublicKeysRequest) -> Reply<ListSSHPublicKeys> {
        self.get::<User>(cx, self.user_name(cx, input.user_name.as_deref())?)
            .await?;
        // No key can be uploaded here, so nobody has one.
        Ok(ListSSHPublicKeysResponse {
            ssh_public_keys: Some(Vec::new()),
            is_truncated: Some(false),
            marker: None,
        })
    }
}
