//! secretsmanager:DeleteSecret — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html>

use api_secretsmanager::op::DeleteSecret;
use api_secretsmanager::{DeleteSecretRequest, DeleteSecretResponse};
use roadstead_kernel::prelude::*;
use roadstead_store::Txn;

use crate::error::{bad_request, busy, invalid};
use crate::id::SecretId;
use crate::{MAX_RETRIES, SecretsManager, won};

/// The recovery window of a call that asks for none in particular, in days.
const WINDOW: i64 = 30;

impl Handle<DeleteSecret> for SecretsManager {
    async fn needs(&self, cx: &Cx, input: &DeleteSecretRequest) -> Result<Needs> {
        let needs = self.needs_on(cx, &SecretId::parse(&input.secret_id)).await?;
        let (force, window) = (input.force_delete_without_recovery, input.recovery_window_in_days);
        Ok(needs
            .key_if(
                "secretsmanager:ForceDeleteWithoutRecovery",
                force.map(|force| force.to_string()),
            )
            .key_if(
                "secretsmanager:RecoveryWindowInDays",
                window.map(|days| days.to_string()),
            ))
    }

    async fn handle(&self, cx: &Cx, input: DeleteSecretRequest) -> Reply<DeleteSecret> {
        let id = SecretId::parse(&input.secret_id);
        id.check()?;
        let force = input.force_delete_without_recovery == Some(true);
        if force && input.recovery_window_in_days.is_some() {
            return Err(invalid(
                "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
            ));
        }
        let Ok(days @ 7..=30) = u64::try_from(input.recovery_window_in_days.unwrap_or(WINDOW)) else {
            return Err(invalid(
                "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
            ));
        };
        for _ in 0..MAX_RETRIES {
            let mut found = match self.secret(cx, &id).await {
                Ok(found) => found,
                // AWS: repeated without recovery, it is as if it were there.
                Err(Fault::Api(_)) if force => {
                    return Ok(DeleteSecretResponse {
                        arn: Some(id.arn(cx.place())),
                        name: Some(id.name().to_owned()),
                        deletion_date: Some(cx.now()),
                    });
                }
                Err(fault) => return Err(fault),
            };
            let (arn, name) = (found.record.arn(cx.place()), found.record.name.clone());
            let (done, date) = if force {
                let txn = self.stage_removal(Txn::new(), cx.place(), &found);
                (won(self.store.commit(txn).await.map(|_| ()))?, cx.now())
            } else if found.record.deletion.is_some() {
                return Err(bad_request(
                    "You can't perform this operation on the secret because it was already scheduled for deletion.",
                ));
            } else {
                let due = found.record.mark(cx.now(), days);
                (self.replace(cx, &found).await?, due)
            };
            if done {
                return Ok(DeleteSecretResponse {
                    arn: Some(arn),
                    name: Some(name),
                    deletion_date: Some(date),
                });
            }
        }
        Err(busy())
    }
}
