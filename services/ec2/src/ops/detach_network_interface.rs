//! ec2:DetachNetworkInterface —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachNetworkInterface.html>

use api_ec2::DetachNetworkInterfaceRequest;
use api_ec2::op::DetachNetworkInterface;

use crate::interfaces::{manageable, of_attachment, stage_detached};
use crate::prelude::*;
use crate::records::{Interface, well_formed};

impl Handle<DetachNetworkInterface> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DetachNetworkInterfaceRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let found = of_attachment(&records, &input.attachment_id).await?;
        let id = found.as_ref().map_or("*", |interface| interface.record.id());
        let needs = records.needs_on::<Interface>(id).await?;
        let attachment = found
            .as_ref()
            .and_then(|interface| interface.record.attachment.as_ref());
        Ok(match attachment.and_then(|attachment| attachment.instance.as_ref()) {
            Some(instance) => needs
                .also_on(cx.place().arn("ec2", format_args!("instance/{instance}")))
                .key("ec2:Region", cx.region().as_str())
                .key("ec2:InstanceID", instance.clone()),
            None => needs,
        })
    }

    async fn handle(&self, cx: &Cx, input: DetachNetworkInterfaceRequest) -> Reply<DetachNetworkInterface> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(detach(cx, &records, &input.attachment_id))?;
        Ok(Empty {})
    }
}

async fn detach(cx: &Cx, records: &Records, id: &str) -> Result<()> {
    if !well_formed("eni-attach", id) {
        return Err(error::malformed("InvalidNetworkInterfaceAttachmentId.Malformed", id).into());
    }
    let missing = || {
        error::client(
            "InvalidAttachmentID.NotFound",
            format!("The attachment ID '{id}' does not exist"),
        )
    };
    let mut found = of_attachment(records, id).await?.ok_or_else(missing)?;
    manageable(cx, &found.record)?;
    let attachment = found
        .record
        .attachment
        .take()
        .filter(|attachment| attachment.id == id)
        .ok_or_else(missing)?;
    let mut txn = Txn::new();
    stage_detached(records, &mut txn, &found.record, &attachment);
    records.stage_change(&mut txn, &found)?;
    records.commit(txn).await?;
    Ok(())
}
