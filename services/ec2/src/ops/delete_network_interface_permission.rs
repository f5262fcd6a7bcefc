//! ec2:DeleteNetworkInterfacePermission —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkInterfacePermission.html>

use api_ec2::op::DeleteNetworkInterfacePermission;
use api_ec2::{DeleteNetworkInterfacePermissionRequest, DeleteNetworkInterfacePermissionResult};
use roadstead_store::Versioned;

use crate::interfaces::manageable;
use crate::prelude::*;
use crate::records::{Interface, InterfacePermission};

impl Handle<DeleteNetworkInterfacePermission> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DeleteNetworkInterfacePermissionRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let found = find(&records, &input.network_interface_permission_id).await?;
        let interface = found
            .as_ref()
            .map_or("*", |permission| permission.record.interface.as_str());
        records.needs_on::<Interface>(interface).await
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: DeleteNetworkInterfacePermissionRequest,
    ) -> Reply<DeleteNetworkInterfacePermission> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(delete(cx, &records, &input.network_interface_permission_id))?;
        Ok(DeleteNetworkInterfacePermissionResult { r#return: Some(true) })
    }
}

async fn find(records: &Records, id: &str) -> Result<Option<Versioned<InterfacePermission>>> {
    Ok(records
        .table::<InterfacePermission>()
        .get(records.scope(), &[id])
        .await?)
}

async fn delete(cx: &Cx, records: &Records, id: &str) -> Result<()> {
    let found = find(records, id)
        .await?
        .ok_or_else(|| error::no_interface_permission(id))?;
    if let Some(interface) = records.find::<Interface>(&found.record.interface).await? {
        manageable(cx, &interface.record)?;
    }
    let mut txn = Txn::new();
    records
        .table::<InterfacePermission>()
        .stage_delete(&mut txn, records.scope(), &[id], found.revision);
    records.stage_unlink(&mut txn, &found.record.interface, id);
    records.commit(txn).await?;
    Ok(())
}
