//! ec2:DeleteNetworkInterface —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkInterface.html>

use api_ec2::DeleteNetworkInterfaceRequest;
use api_ec2::op::DeleteNetworkInterface;

use crate::interfaces;
use crate::prelude::*;
use crate::records::Interface;

impl Handle<DeleteNetworkInterface> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DeleteNetworkInterfaceRequest) -> Result<Needs> {
        self.peek(cx).needs_on::<Interface>(&input.network_interface_id).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteNetworkInterfaceRequest) -> Reply<DeleteNetworkInterface> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(delete(cx, &records, &input.network_interface_id))?;
        Ok(Empty {})
    }
}

async fn delete(cx: &Cx, records: &Records, id: &str) -> Result<()> {
    let found = records.get::<Interface>(id).await?;
    let interface = &found.record;
    if let Some(attachment) = &interface.attachment {
        // The service that keeps an interface attached on its side, with no instance of the account, may let it go.
        let own = interface.requester.is_some() && !interface.is_managed_by_other(cx.caller().linked_service());
        if !own || attachment.instance.is_some() {
            return Err(error::invalid(format!("Network interface '{id}' is currently in use.")).into());
        }
    }
    let mut txn = Txn::new();
    interfaces::stage_gone(records, &mut txn, &found).await?;
    records.commit(txn).await?;
    Ok(())
}
