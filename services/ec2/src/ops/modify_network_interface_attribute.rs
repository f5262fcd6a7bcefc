//! ec2:ModifyNetworkInterfaceAttribute —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html>

use api_ec2::ModifyNetworkInterfaceAttributeRequest;
use api_ec2::op::ModifyNetworkInterfaceAttribute;

use crate::interfaces;
use crate::prelude::*;
use crate::records::{Group, Interface};

impl Handle<ModifyNetworkInterfaceAttribute> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &ModifyNetworkInterfaceAttributeRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let attribute = [
            ("Description", input.description.is_some()),
            ("SourceDestCheck", input.source_dest_check.is_some()),
            ("Groups", input.groups.is_some()),
            ("Attachment", input.attachment.is_some()),
        ]
        .into_iter()
        .find_map(|(name, given)| given.then_some(name));
        let mut needs = records
            .needs_on::<Interface>(&input.network_interface_id)
            .await?
            .key_if("ec2:Attribute", attribute);
        for group in input.groups.iter().flatten() {
            needs = records.also_on::<Group>(needs, group).await?;
        }
        Ok(needs)
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: ModifyNetworkInterfaceAttributeRequest,
    ) -> Reply<ModifyNetworkInterfaceAttribute> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(modify(cx, &records, &input))?;
        Ok(Empty {})
    }
}

async fn modify(cx: &Cx, records: &Records, input: &ModifyNetworkInterfaceAttributeRequest) -> Result<()> {
    let mut found = records.get::<Interface>(&input.network_interface_id).await?;
    interfaces::manageable(cx, &found.record)?;
    let given = [
        input.description.is_some(),
        input.source_dest_check.is_some(),
        input.groups.is_some(),
        input.attachment.is_some(),
    ];
    if given.iter().filter(|given| **given).count() != 1 {
        return Err(error::combination("Exactly one attribute must be specified").into());
    }
    let mut txn = Txn::new();
    let interface = &mut found.record;
    if let Some(description) = &input.description {
        interface.description = description.value.clone().unwrap_or_default();
    }
    if let Some(check) = input.source_dest_check.as_ref().and_then(|check| check.value) {
        interface.source_dest_check = check;
    }
    if let Some(wanted) = &input.groups {
        let groups = interfaces::groups(records, &interface.vpc, Some(wanted)).await?;
        for old in interface.groups.iter().filter(|old| !groups.contains(old)) {
            records.stage_unlink(&mut txn, &old.id, &interface.id);
        }
        for new in groups.iter().filter(|new| !interface.groups.contains(new)) {
            records.require::<Group>(&mut txn, &new.id);
            records.stage_link(&mut txn, &new.id, &interface.id)?;
        }
        interface.groups = groups;
    }
    if let Some(changes) = &input.attachment {
        let id = changes.attachment_id.as_deref().unwrap_or_default();
        let attachment = interface
            .attachment
            .as_mut()
            .filter(|attachment| attachment.id == id)
            .ok_or_else(|| {
                error::client(
                    "InvalidAttachmentID.NotFound",
                    format!("The attachment ID '{id}' does not exist"),
                )
            })?;
        if let Some(delete) = changes.delete_on_termination {
            attachment.delete_on_termination = delete;
        }
    }
    records.stage_change(&mut txn, &found)?;
    records.commit(txn).await?;
    Ok(())
}
