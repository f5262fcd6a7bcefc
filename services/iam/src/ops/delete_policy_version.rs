//! iam:DeletePolicyVersion — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicyVersion.html>

use api_iam::DeletePolicyVersionRequest;
use api_iam::op::DeletePolicyVersion;

use crate::prelude::*;
use crate::{policies, problems};

impl Handle<DeletePolicyVersion> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeletePolicyVersionRequest) -> Result<Needs> {
        self.needs_on_policy(cx, &input.policy_arn).await
    }

    async fn handle(&self, cx: &Cx, input: DeletePolicyVersionRequest) -> Reply<DeletePolicyVersion> {
        let (arn, id) = (&input.policy_arn, &input.version_id);
        self.change_policy(cx, "iam:DeletePolicyVersion", arn, |policy| {
            let number = policy
                .version(id)
                .map(|version| version.number)
                .ok_or_else(|| policies::no_version(arn, id))?;
            if number == policy.default {
                return Err(problems::in_use("Cannot delete the default version of a policy."));
            }
            policy.versions.retain(|version| version.number != number);
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
