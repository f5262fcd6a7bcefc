//! iam:UpdateGroup — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html>

use api_iam::UpdateGroupRequest;
use api_iam::op::UpdateGroup;

use crate::entities;
use crate::prelude::*;
use crate::records::Group;

impl Handle<UpdateGroup> for Iam {
    async fn needs(&self, cx: &Cx, input: &UpdateGroupRequest) -> Result<Needs> {
        let needs = self.needs_on::<Group>(cx, &input.group_name).await?;
        if input.new_path.is_none() && input.new_group_name.is_none() {
            return Ok(needs);
        }
        // AWS: whoever renames needs the permission on the old and on the new name.
        let old = self
            .find::<Group>(cx.account(), &input.group_name)
            .await?
            .map(|found| found.record.common);
        let path = input
            .new_path
            .as_deref()
            .or(old.as_ref().map(|old| old.path.as_str()))
            .unwrap_or("/");
        let name = input.new_group_name.as_deref().unwrap_or(&input.group_name);
        Ok(needs.also_on(entities::arn::<Group>(cx, path, name)))
    }

    async fn handle(&self, cx: &Cx, input: UpdateGroupRequest) -> Reply<UpdateGroup> {
        let (path, name) = (input.new_path.as_deref(), input.new_group_name.as_deref());
        self.rename::<Group>(cx, &input.group_name, path, name).await?;
        Ok(Empty {})
    }
}
