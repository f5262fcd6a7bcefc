//! iam:SetDefaultPolicyVersion — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetDefaultPolicyVersion.html>

use api_iam::SetDefaultPolicyVersionRequest;
use api_iam::op::SetDefaultPolicyVersion;

use crate::policies;
use crate::prelude::*;

impl Handle<SetDefaultPolicyVersion> for Iam {
    async fn needs(&self, cx: &Cx, input: &SetDefaultPolicyVersionRequest) -> Result<Needs> {
        self.needs_on_policy(cx, &input.policy_arn).await
    }

    async fn handle(&self, cx: &Cx, input: SetDefaultPolicyVersionRequest) -> Reply<SetDefaultPolicyVersion> {
        let (arn, id, now) = (&input.policy_arn, &input.version_id, cx.now().cut_to_secs());
        self.change_policy(cx, "iam:SetDefaultPolicyVersion", arn, |policy| {
            policy.default = policy
                .version(id)
                .map(|version| version.number)
                .ok_or_else(|| policies::no_version(arn, id))?;
            policy.updated = now;
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
