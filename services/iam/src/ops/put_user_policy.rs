//! iam:PutUserPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html>

use api_iam::PutUserPolicyRequest;
use api_iam::op::PutUserPolicy;

use crate::prelude::*;
use crate::records::User;

impl Handle<PutUserPolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &PutUserPolicyRequest) -> Result<Needs> {
        self.needs_on_bounded::<User>(cx, &input.user_name).await
    }

    async fn handle(&self, cx: &Cx, input: PutUserPolicyRequest) -> Reply<PutUserPolicy> {
        self.put_inline::<User>(cx, &input.user_name, &input.policy_name, &input.policy_document)
            .await?;
        Ok(Empty {})
    }
}
