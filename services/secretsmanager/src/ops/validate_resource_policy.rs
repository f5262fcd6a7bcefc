//! secretsmanager:ValidateResourcePolicy — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ValidateResourcePolicy.html>

use api_secretsmanager::op::ValidateResourcePolicy;
use api_secretsmanager::{ValidateResourcePolicyRequest, ValidateResourcePolicyResponse, ValidationErrorsEntry};
use roadstead_kernel::prelude::*;

use crate::id::SecretId;
use crate::{SecretsManager, policy};

impl Handle<ValidateResourcePolicy> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &ValidateResourcePolicyRequest) -> Result<Needs> {
        match &input.secret_id {
            Some(id) => self.needs_on(cx, &SecretId::parse(id)).await,
            None => Ok(Needs::any()),
        }
    }

    async fn handle(&self, cx: &Cx, input: ValidateResourcePolicyRequest) -> Reply<ValidateResourcePolicy> {
        if let Some(id) = &input.secret_id {
            self.live(cx, &SecretId::parse(id)).await?;
        }
        let document = policy::accept(&input.resource_policy)?;
        let errors = policy::is_public(&document).then(|| ValidationErrorsEntry {
            check_name: Some("NO_PUBLIC_ACCESS".to_owned()),
            error_message: Some("The policy lets everybody use the secret.".to_owned()),
        });
        Ok(ValidateResourcePolicyResponse {
            policy_validation_passed: Some(errors.is_none()),
            validation_errors: Some(errors.into_iter().collect()),
        })
    }
}
