//! ec2:DescribeNetworkInterfaceAttribute —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaceAttribute.html>

use api_ec2::op::DescribeNetworkInterfaceAttribute;
use api_ec2::{
    AttributeBooleanValue, AttributeValue, DescribeNetworkInterfaceAttributeRequest,
    DescribeNetworkInterfaceAttributeResult, NetworkInterfaceAttribute,
};

use crate::prelude::*;
use crate::records::{Attachment, GroupRef, Interface};

impl Handle<DescribeNetworkInterfaceAttribute> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeNetworkInterfaceAttributeRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: DescribeNetworkInterfaceAttributeRequest,
    ) -> Reply<DescribeNetworkInterfaceAttribute> {
        dry_run(input.dry_run)?;
        let found = self
            .records(cx)
            .await?
            .get::<Interface>(&input.network_interface_id)
            .await?
            .record;
        let mut shown = DescribeNetworkInterfaceAttributeResult {
            network_interface_id: Some(found.id),
            ..DescribeNetworkInterfaceAttributeResult::default()
        };
        match input.attribute {
            Some(NetworkInterfaceAttribute::Description) => {
                shown.description = Some(AttributeValue {
                    value: Some(found.description),
                });
            }
            Some(NetworkInterfaceAttribute::GroupSet) => {
                shown.groups = Some(found.groups.iter().map(GroupRef::to_api).collect());
            }
            Some(NetworkInterfaceAttribute::SourceDestCheck) => {
                shown.source_dest_check = Some(AttributeBooleanValue {
                    value: Some(found.source_dest_check),
                });
            }
            Some(NetworkInterfaceAttribute::Attachment) => {
                shown.attachment = found.attachment.as_ref().map(Attachment::to_api);
            }
            Some(other) => {
                return Err(error::invalid(format!("Value ({other}) for parameter attribute is invalid.")).into());
            }
            None => return Err(error::missing("attribute").into()),
        }
        Ok(shown)
    }
}
