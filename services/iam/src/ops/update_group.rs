//! iam:UpdateGroup — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html>

use api_iam::UpdateGroupRequest;
use api_iam::op::UpdateGroup;

use crate::prelude::*;
use crate::records::Group;

impl Handle<UpdateGroup> for Iam {
    async fn needs(&self, cx: &Cx, input: &UpdateGroupRequest) -> Result<Needs> {
        let (path, name) = (input.new_path.as_deref(), input.new_group_name.as_deref());
        self.needs_to_rename::<Group>(cx, &input.group_name, path, name).await
    }

    async fn handle(&self, cx: &Cx, input: UpdateGroupRequest) -> Reply<UpdateGroup> {
        let (path, name) = (input.new_path.as_deref(), input.new_group_name.as_deref());
        self.rename::<Group>(cx, &input.group_name, path, name).await?;
        Ok(Empty {})
    }
}
