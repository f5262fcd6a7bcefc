//! iam:UpdateAssumeRolePolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html>

use api_iam::UpdateAssumeRolePolicyRequest;
use api_iam::op::UpdateAssumeRolePolicy;

use crate::documents;
use crate::prelude::*;
use crate::records::{Entity as _, Role};

impl Handle<UpdateAssumeRolePolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &UpdateAssumeRolePolicyRequest) -> Result<Needs> {
        self.needs_on_bounded::<Role>(cx, &input.role_name).await
    }

    async fn handle(&self, cx: &Cx, input: UpdateAssumeRolePolicyRequest) -> Reply<UpdateAssumeRolePolicy> {
        // AWS: that only AWS may change a role is told before anything is said of the document.
        self.get::<Role>(cx, &input.role_name).await?.record.changeable()?;
        let document = documents::check_trust(&input.policy_document)?;
        let trusted = self.trusted(cx, &document).await?;
        self.change::<Role>(cx, &input.role_name, |role, _| {
            role.changeable()?;
            role.trust = document.canonical();
            role.trusted.clone_from(&trusted);
            Ok(())
        })
        .await?;
        Ok(Empty {})
    }
}
