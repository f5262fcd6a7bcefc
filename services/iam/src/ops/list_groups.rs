//! iam:ListGroups — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroups.html>

use api_iam::op::ListGroups;
use api_iam::{ListGroupsRequest, ListGroupsResponse};

use crate::prelude::*;
use crate::records::Group;

impl Handle<ListGroups> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListGroupsRequest) -> Result<Needs> {
        Ok(Needs::on(cx.place().global_arn(
            "iam",
            format_args!("group{}", input.path_prefix.as_deref().unwrap_or("/")),
        )))
    }

    async fn handle(&self, cx: &Cx, input: ListGroupsRequest) -> Reply<ListGroups> {
        let (prefix, marker) = (input.path_prefix.as_deref(), input.marker.as_deref());
        let page = self.page_of::<Group>(cx, prefix, marker, input.max_items).await?;
        Ok(ListGroupsResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            groups: page.items.iter().map(Group::to_api).collect(),
        })
    }
}
