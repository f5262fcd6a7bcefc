//! iam:TagInstanceProfile — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagInstanceProfile.html>

use api_iam::TagInstanceProfileRequest;
use api_iam::op::TagInstanceProfile;

use crate::prelude::*;
use crate::records::InstanceProfile;

impl Handle<TagInstanceProfile> for Iam {
    async fn needs(&self, cx: &Cx, input: &TagInstanceProfileRequest) -> Result<Needs> {
        self.needs_to_tag::<InstanceProfile>(cx, &input.instance_profile_name, &input.tags)
            .await
    }

    async fn handle(&self, cx: &Cx, input: TagInstanceProfileRequest) -> Reply<TagInstanceProfile> {
        self.tag::<InstanceProfile>(cx, &input.instance_profile_name, &input.tags)
            .await?;
        Ok(Empty {})
    }
}
