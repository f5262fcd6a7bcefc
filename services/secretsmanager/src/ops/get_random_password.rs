//! secretsmanager:GetRandomPassword — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html>

use api_secretsmanager::op::GetRandomPassword;
use api_secretsmanager::{GetRandomPasswordRequest, GetRandomPasswordResponse};
use roadstead_kernel::prelude::*;

use crate::SecretsManager;
use crate::password::{Wanted, draw};

/// The length of a password for which none is asked.
const LENGTH: i64 = 32;

impl Handle<GetRandomPassword> for SecretsManager {
    async fn needs(&self, _: &Cx, _: &GetRandomPasswordRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: GetRandomPasswordRequest) -> Reply<GetRandomPassword> {
        let may_have = |excluded: Option<bool>| excluded != Some(true);
        let wanted = Wanted {
            // The model checked the range.
            length: usize::try_from(input.password_length.unwrap_or(LENGTH)).unwrap_or_default(),
            without: input.exclude_characters.as_deref().unwrap_or_default(),
            types: [
                may_have(input.exclude_lowercase),
                may_have(input.exclude_uppercase),
                may_have(input.exclude_numbers),
                may_have(input.exclude_punctuation),
            ],
            space: input.include_space == Some(true),
            each: input.require_each_included_type != Some(false),
        };
        Ok(GetRandomPasswordResponse {
            random_password: Some(draw(cx.ids(), &wanted)?),
        })
    }
}
