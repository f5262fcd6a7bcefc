//! iam:UntagInstanceProfile — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagInstanceProfile.html>

use api_iam::UntagInstanceProfileRequest;
use api_iam::op::UntagInstanceProfile;

use crate::prelude::*;
use crate::records::InstanceProfile;

impl Handle<UntagInstanceProfile> for Iam {
    async fn needs(&self, cx: &Cx, input: &UntagInstanceProfileRequest) -> Result<Needs> {
        self.needs_to_untag::<InstanceProfile>(cx, &input.instance_profile_name, &input.tag_keys)
            .await
    }

    async fn handle(&self, cx: &Cx, input: UntagInstanceProfileRequest) -> Reply<UntagInstanceProfile> {
        self.untag::<InstanceProfile>(cx, &input.instance_profile_name, &input.tag_keys)
            .await?;
        Ok(Empty {})
    }
}
