//! iam:DeleteInstanceProfile — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteInstanceProfile.html>

use api_iam::DeleteInstanceProfileRequest;
use api_iam::op::DeleteInstanceProfile;
use roadstead_store::Txn;

use crate::prelude::*;
use crate::problems;
use crate::records::InstanceProfile;

impl Handle<DeleteInstanceProfile> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteInstanceProfileRequest) -> Result<Needs> {
        self.needs_on::<InstanceProfile>(cx, &input.instance_profile_name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteInstanceProfileRequest) -> Reply<DeleteInstanceProfile> {
        self.retry(|| async {
            let found = self.get::<InstanceProfile>(cx, &input.instance_profile_name).await?;
            if found.record.role.is_some() {
                return Err(problems::in_use(
                    "Cannot delete entity, must remove roles from instance profile first.",
                ));
            }
            let mut txn = Txn::new();
            self.stage_delete(&mut txn, cx.account(), &found);
            self.commit(cx.account(), txn).await
        })
        .await?;
        Ok(Empty {})
    }
}
