//! ec2:AttachNetworkInterface —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachNetworkInterface.html>

use api_ec2::op::AttachNetworkInterface;
use api_ec2::{AttachNetworkInterfaceRequest, AttachNetworkInterfaceResult};
use roadstead_store::{Guard, Table};

use crate::interfaces::{device, manageable, stage_detached, whole};
use crate::prelude::*;
use crate::records::{Attachment, Interface, Link, well_formed};

impl Handle<AttachNetworkInterface> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &AttachNetworkInterfaceRequest) -> Result<Needs> {
        let needs = self.peek(cx).needs_on::<Interface>(&input.network_interface_id).await?;
        Ok(needs
            .also_on(cx.place().arn("ec2", format_args!("instance/{}", input.instance_id)))
            .key("ec2:Region", cx.region().as_str())
            .key("ec2:InstanceID", input.instance_id.clone()))
    }

    async fn handle(&self, cx: &Cx, input: AttachNetworkInterfaceRequest) -> Reply<AttachNetworkInterface> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let id = retrying!(attach(cx, &records, &input))?;
        Ok(AttachNetworkInterfaceResult {
            attachment_id: Some(id),
            network_card_index: Some(0),
        })
    }
}

async fn attach(cx: &Cx, records: &Records, input: &AttachNetworkInterfaceRequest) -> Result<String> {
    let mut found = records.get::<Interface>(&input.network_interface_id).await?;
    manageable(cx, &found.record)?;
    let instance = &input.instance_id;
    if !well_formed("i", instance) {
        return Err(error::malformed("InvalidInstanceID.Malformed", instance).into());
    }
    // Instances are no records here; those that run tasks are known to ECS, which alone can name one.
    let service = cx.caller().linked_service();
    if service.is_none() {
        return Err(error::no_instance(instance).into());
    }
    let mut txn = Txn::new();
    if let Some(held) = found.record.attachment.take() {
        if held.instance.is_some() {
            let id = &input.network_interface_id;
            return Err(error::client("InvalidNetworkInterface.InUse", format!("Interface: [{id}] in use.")).into());
        }
        stage_detached(records, &mut txn, &found.record, &held);
    }
    let place = device(input.device_index);
    if records.linked(instance).await?.contains(&place) {
        let index = input.device_index;
        return Err(error::invalid(format!(
            "Instance '{instance}' already has an interface attached at device index '{index}'."
        ))
        .into());
    }
    let attachment = Attachment {
        id: cx.ids().ec2("eni-attach"),
        instance: Some(instance.clone()),
        instance_owner: cx.account().to_string(),
        device_index: input.device_index,
        delete_on_termination: false,
        since: whole(cx.now()),
    };
    txn.push_guard(Guard::Absent(Table::<Link>::key(records.scope(), &[instance, &place])));
    records.stage_link(&mut txn, instance, &place)?;
    records.stage_link(&mut txn, &attachment.id, &found.record.id)?;
    let id = attachment.id.clone();
    found.record.attachment = Some(attachment);
    records.stage_change(&mut txn, &found)?;
    records.commit(txn).await?;
    Ok(id)
}
