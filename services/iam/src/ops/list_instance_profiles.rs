//! iam:ListInstanceProfiles — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfiles.html>

use api_iam::op::ListInstanceProfiles;
use api_iam::{ListInstanceProfilesRequest, ListInstanceProfilesResponse};

use crate::prelude::*;
use crate::records::InstanceProfile;

impl Handle<ListInstanceProfiles> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListInstanceProfilesRequest) -> Result<Needs> {
        let path = input.path_prefix.as_deref().unwrap_or("/");
        Ok(Needs::on(
            cx.place().global_arn("iam", format_args!("instance-profile{path}")),
        ))
    }

    async fn handle(&self, cx: &Cx, input: ListInstanceProfilesRequest) -> Reply<ListInstanceProfiles> {
        let (prefix, marker) = (input.path_prefix.as_deref(), input.marker.as_deref());
        let page = self
            .page_of::<InstanceProfile>(cx, prefix, marker, input.max_items)
            .await?;
        let mut instance_profiles = Vec::with_capacity(page.items.len());
        for profile in &page.items {
            // AWS: lists do not show tags.
            let entry = self.profile_to_api(cx, profile).await?;
            instance_profiles.push(api_iam::InstanceProfile { tags: None, ..entry });
        }
        Ok(ListInstanceProfilesResponse {
            instance_profiles,
            is_truncated: page.truncated(),
            marker: page.marker,
        })
    }
}
