//! iam:UpdateAssumeRolePolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html>

use api_iam::op::UpdateAssumeRolePolicy;
use api_iam::UpdateAssumeRolePolicyRequest;

use crate::prelude::*;
use crate::documents;
use crate::records::{Entity as _, Role};

impl Handle<UpdateAssumeRolePolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &UpdateAssumeRolePolicyRequest) -> Result<Needs> {
        self.needs_on_bounded::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: UpdateAssumeRolePolicyRequest) -> Reply<UpdateAssumeRolePolicy> {
        self.change::<Role>(cx, &input.role_name, |role, _| {
            role.changeable()?;
            role.trust = documents::check_trust(&input.policy_document)?.canonical();
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
