//! iam:DeleteAccountPasswordPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountPasswordPolicy.html>

use api_iam::op::DeleteAccountPasswordPolicy;

use crate::prelude::*;
use crate::problems;

impl Handle<DeleteAccountPasswordPolicy> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &Empty) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, _input: Empty) -> Reply<DeleteAccountPasswordPolicy> {
        self.change_settings(cx, |settings| match settings.password_policy.take() {
            Some(_) => Ok(()),
            None => Err(problems::not_found(
                "The account policy with name PasswordPolicy cannot be found.",
            )),
        })
        .await?;
        Ok(Empty {})
    }
}
