//! iam:DeleteAccessKey — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html>

use api_iam::DeleteAccessKeyRequest;
use api_iam::op::DeleteAccessKey;
use roadstead_store::{Op, Scope, Table};

use crate::prelude::*;
use crate::problems;
use crate::records::{AccessKey, User};

impl Handle<DeleteAccessKey> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteAccessKeyRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, self.user_name(cx, input.user_name.as_deref())?)
            .await
    }

    async fn handle(&self, cx: &Cx, input: DeleteAccessKeyRequest) -> Reply<DeleteAccessKey> {
        let name = self.user_name(cx, input.user_name.as_deref())?;
        let id = input.access_key_id.as_str();
        self.change::<User>(cx, name, |user, txn| {
            let before = user.access_keys.len();
            user.access_keys.retain(|known| known != id);
            if user.access_keys.len() == before {
                return Err(problems::not_found(format!(
                    "The Access Key with id {id} cannot be found."
                )));
            }
            txn.push(Op::Delete {
                key: Table::<AccessKey>::key(Scope::installation(), &[id]),
            });
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
