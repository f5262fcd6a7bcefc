//! iam:GetInstanceProfile — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetInstanceProfile.html>

use api_iam::op::GetInstanceProfile;
use api_iam::{GetInstanceProfileRequest, GetInstanceProfileResponse};

use crate::prelude::*;
use crate::records::InstanceProfile;

impl Handle<GetInstanceProfile> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetInstanceProfileRequest) -> Result<Needs> {
        self.needs_on::<InstanceProfile>(cx, &input.instance_profile_name).await
    }

    async fn handle(&self, cx: &Cx, input: GetInstanceProfileRequest) -> Reply<GetInstanceProfile> {
        let profile = self
            .get::<InstanceProfile>(cx, &input.instance_profile_name)
            .await?
            .record;
        Ok(GetInstanceProfileResponse {
            instance_profile: self.profile_to_api(cx, &profile).await?,
        })
    }
}
