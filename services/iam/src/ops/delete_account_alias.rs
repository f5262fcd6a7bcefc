//! iam:DeleteAccountAlias — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountAlias.html>

use api_iam::DeleteAccountAliasRequest;
use api_iam::op::DeleteAccountAlias;

use crate::prelude::*;
use crate::problems;

impl Handle<DeleteAccountAlias> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &DeleteAccountAliasRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: DeleteAccountAliasRequest) -> Reply<DeleteAccountAlias> {
        let alias = input.account_alias;
        self.change_settings(cx, |settings| {
            if settings.alias.as_ref() != Some(&alias) {
                return Err(problems::not_found(format!(
                    "The Account Alias {alias} cannot be found."
                )));
            }
            settings.alias = None;
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
