//! ec2:CreateNetworkInterfacePermission —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkInterfacePermission.html>

use api_ec2::op::CreateNetworkInterfacePermission;
use api_ec2::{CreateNetworkInterfacePermissionRequest, CreateNetworkInterfacePermissionResult};

use crate::interfaces::manageable;
use crate::prelude::*;
use crate::records::{Interface, InterfacePermission};

impl Handle<CreateNetworkInterfacePermission> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &CreateNetworkInterfacePermissionRequest) -> Result<Needs> {
        let needs = self.peek(cx).needs_on::<Interface>(&input.network_interface_id).await?;
        Ok(needs
            .key("ec2:Permission", input.permission.as_str())
            .key_if("ec2:AuthorizedUser", input.aws_account_id.clone())
            .key_if("ec2:AuthorizedService", input.aws_service.clone()))
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: CreateNetworkInterfacePermissionRequest,
    ) -> Reply<CreateNetworkInterfacePermission> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let permission = retrying!(create(cx, &records, &input))?;
        Ok(CreateNetworkInterfacePermissionResult {
            interface_permission: Some(permission.to_api()),
        })
    }
}

async fn create(
    cx: &Cx,
    records: &Records,
    input: &CreateNetworkInterfacePermissionRequest,
) -> Result<InterfacePermission> {
    let interface = records.get::<Interface>(&input.network_interface_id).await?;
    manageable(cx, &interface.record)?;
    if input.aws_account_id.is_none() && input.aws_service.is_none() {
        return Err(error::missing("awsAccountId").into());
    }
    if let Some(id) = input.aws_account_id.as_deref()
        && roadstead_core::AccountId::parse(id).is_none()
    {
        return Err(error::client("InvalidUserID.Malformed", format!("Invalid user id: \"{id}\"")).into());
    }
    let permission = InterfacePermission {
        id: cx.ids().ec2("eni-perm"),
        interface: interface.record.id.clone(),
        account: input.aws_account_id.clone(),
        service: input.aws_service.clone(),
        permission: input.permission.as_str().to_owned(),
        tags: Tags::new(),
    };
    let mut txn = Txn::new();
    let table = records.table::<InterfacePermission>();
    table.stage_new(&mut txn, records.scope(), &[&permission.id], &permission)?;
    records.require::<Interface>(&mut txn, &permission.interface);
    records.stage_link(&mut txn, &permission.interface, &permission.id)?;
    records.commit(txn).await?;
    Ok(permission)
}
