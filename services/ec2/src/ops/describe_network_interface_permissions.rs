//! ec2:DescribeNetworkInterfacePermissions —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfacePermissions.html>

use api_ec2::op::DescribeNetworkInterfacePermissions;
use api_ec2::{DescribeNetworkInterfacePermissionsRequest, DescribeNetworkInterfacePermissionsResult};

use crate::prelude::*;
use crate::records::InterfacePermission;

impl Handle<DescribeNetworkInterfacePermissions> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeNetworkInterfacePermissionsRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: DescribeNetworkInterfacePermissionsRequest,
    ) -> Reply<DescribeNetworkInterfacePermissions> {
        let listing = Listing::parse::<InterfacePermission>(
            "DescribeNetworkInterfacePermissions",
            input.filters,
            input.max_results,
            input.next_token,
        )?;
        let mut found = self.records(cx).await?.all::<InterfacePermission>().await?;
        if let Some(ids) = input.network_interface_permission_ids.filter(|ids| !ids.is_empty()) {
            if let Some(id) = ids
                .iter()
                .find(|id| !found.iter().any(|permission| permission.id == **id))
            {
                return Err(error::no_interface_permission(id).into());
            }
            found.retain(|permission| ids.contains(&permission.id));
        }
        let (shown, next_token) = listing.cut(cx.place(), found, |permission| &permission.id);
        Ok(DescribeNetworkInterfacePermissionsResult {
            network_interface_permissions: Some(shown.iter().map(InterfacePermission::to_api).collect()),
            next_token,
        })
    }
}
