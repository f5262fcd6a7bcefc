//! iam:UpdateAccountPasswordPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html>

use api_iam::UpdateAccountPasswordPolicyRequest;
use api_iam::op::UpdateAccountPasswordPolicy;

use crate::prelude::*;
use crate::records::PasswordPolicy;

impl Handle<UpdateAccountPasswordPolicy> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &UpdateAccountPasswordPolicyRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: UpdateAccountPasswordPolicyRequest) -> Reply<UpdateAccountPasswordPolicy> {
        let age = input.max_password_age.filter(|age| *age > 0);
        // AWS: what is not named goes back to its default.
        let policy = PasswordPolicy {
            minimum_length: input.minimum_password_length.unwrap_or(6),
            symbols: input.require_symbols.unwrap_or_default(),
            numbers: input.require_numbers.unwrap_or_default(),
            upper_case: input.require_uppercase_characters.unwrap_or_default(),
            lower_case: input.require_lowercase_characters.unwrap_or_default(),
            users_may_change: input.allow_users_to_change_password.unwrap_or_default(),
            max_age_days: age,
            reuse_prevention: input.password_reuse_prevention,
            hard_expiry: input.hard_expiry,
        };
        self.change_settings(cx, |settings| {
            settings.password_policy = Some(policy.clone());
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
