//! iam:CreateAccountAlias — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html>

use api_iam::CreateAccountAliasRequest;
use api_iam::op::CreateAccountAlias;

use crate::prelude::*;

impl Handle<CreateAccountAlias> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &CreateAccountAliasRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: CreateAccountAliasRequest) -> Reply<CreateAccountAlias> {
        let alias = input.account_alias;
        self.change_settings(cx, |settings| {
            // AWS: an account has one alias; a new one takes its place.
            settings.alias = Some(alias.clone());
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
