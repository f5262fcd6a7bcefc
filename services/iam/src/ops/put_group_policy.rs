//! iam:PutGroupPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutGroupPolicy.html>

use api_iam::PutGroupPolicyRequest;
use api_iam::op::PutGroupPolicy;

use crate::prelude::*;
use crate::records::Group;

impl Handle<PutGroupPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &PutGroupPolicyRequest) -> Result<Needs> {
        self.needs_on::<Group>(cx, &input.group_name).await
    }

    async fn handle(&self, cx: &Cx, input: PutGroupPolicyRequest) -> Reply<PutGroupPolicy> {
        self.put_inline::<Group>(cx, &input.group_name, &input.policy_name, &input.policy_document)
            .await?;
        Ok(Empty {})
    }
}
