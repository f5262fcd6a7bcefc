//! iam:CreateInstanceProfile — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html>

use api_iam::op::CreateInstanceProfile;
use api_iam::{CreateInstanceProfileRequest, CreateInstanceProfileResponse};
use roadstead_store::Txn;

use crate::prelude::*;
use crate::records::InstanceProfile;
use crate::{entities, tagging};

impl Handle<CreateInstanceProfile> for Iam {
    async fn needs(&self, cx: &Cx, input: &CreateInstanceProfileRequest) -> Result<Needs> {
        let path = input.path.as_deref().unwrap_or("/");
        Ok(
            Needs::on(entities::arn::<InstanceProfile>(cx, path, &input.instance_profile_name))
                .request_tags(&tagging::requested(input.tags.as_deref())),
        )
    }

    async fn handle(&self, cx: &Cx, input: CreateInstanceProfileRequest) -> Reply<CreateInstanceProfile> {
        let tags = tagging::from_api(input.tags.as_deref())?;
        let name = &input.instance_profile_name;
        let common = self.new_common::<InstanceProfile>(cx, input.path.as_deref(), name, tags);
        let profile = InstanceProfile { common, role: None };
        self.retry(|| async {
            self.free::<InstanceProfile>(cx, &profile.common.name).await?;
            let mut txn = Txn::new();
            self.stage_create(&mut txn, cx.account(), &profile)?;
            self.commit(cx.account(), txn).await
        })
        .await?;
        Ok(CreateInstanceProfileResponse {
            instance_profile: profile.to_api(None),
        })
    }
}
