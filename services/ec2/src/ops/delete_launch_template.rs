//! ec2:DeleteLaunchTemplate — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteLaunchTemplate.html>

use api_ec2::op::DeleteLaunchTemplate;
use api_ec2::{DeleteLaunchTemplateRequest, DeleteLaunchTemplateResult};
use roadstead_store::{Op, Table};

use super::create_launch_template::CREATE;
use crate::idempotency;
use crate::prelude::*;
use crate::records::{LaunchTemplate, TemplateVersion};
use crate::templates::{self, name_key, named};

impl Handle<DeleteLaunchTemplate> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DeleteLaunchTemplateRequest) -> Result<Needs> {
        let (id, name) = (
            input.launch_template_id.as_deref(),
            input.launch_template_name.as_deref(),
        );
        templates::needs(&self.peek(cx), id, name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteLaunchTemplateRequest) -> Reply<DeleteLaunchTemplate> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let template = retrying!(delete(&records, &input))?;
        Ok(DeleteLaunchTemplateResult {
            launch_template: Some(template.to_api()),
        })
    }
}

async fn delete(records: &Records, input: &DeleteLaunchTemplateRequest) -> Result<LaunchTemplate> {
    let template = named(
        records,
        input.launch_template_id.as_deref(),
        input.launch_template_name.as_deref(),
    )
    .await?;
    let id = &template.record.id;
    let mut txn = Txn::new();
    idempotency::stage_gone(records, &mut txn, CREATE, template.record.client_token.as_deref());
    records.stage_unlink(&mut txn, &name_key(&template.record.name), id);
    txn.push(Op::DeletePrefix {
        prefix: Table::<TemplateVersion>::prefix(records.scope(), &[id]),
    });
    records.stage_gone(&mut txn, &template);
    records.commit(txn).await?;
    Ok(template.record)
}
