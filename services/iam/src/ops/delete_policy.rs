//! iam:DeletePolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html>

use api_iam::DeletePolicyRequest;
use api_iam::op::DeletePolicy;
use roadstead_store::Txn;

use crate::prelude::*;
use crate::problems;

impl Handle<DeletePolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeletePolicyRequest) -> Result<Needs> {
        self.needs_on_policy(cx, &input.policy_arn).await
    }

    async fn handle(&self, cx: &Cx, input: DeletePolicyRequest) -> Reply<DeletePolicy> {
        self.retry(|| async {
            let arn = &input.policy_arn;
            let found = self.own_policy(cx, "iam:DeletePolicy", arn).await?;
            let uses = self.uses(cx, arn).await?;
            if uses.attached + uses.boundary > 0 {
                return Err(problems::in_use("Cannot delete a policy attached to entities."));
            }
            if found.record.versions.len() > 1 {
                return Err(problems::in_use(
                    "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
                ));
            }
            let mut txn = Txn::new();
            self.stage_unattached(&mut txn, cx.account(), arn);
            self.stage_delete(&mut txn, cx.account(), &found);
            self.commit(cx.account(), txn).await
        })
        .await?;
        Ok(Empty {})
    }
}
