//! ec2:ModifyLaunchTemplate —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyLaunchTemplate.html>

use api_ec2::op::ModifyLaunchTemplate;
use api_ec2::{ModifyLaunchTemplateRequest, ModifyLaunchTemplateResult};

use crate::prelude::*;
use crate::records::LaunchTemplate;
use crate::templates::{self, named};

impl Handle<ModifyLaunchTemplate> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &ModifyLaunchTemplateRequest) -> Result<Needs> {
        let (id, name) = (
            input.launch_template_id.as_deref(),
            input.launch_template_name.as_deref(),
        );
        templates::needs(&self.peek(cx), id, name).await
    }

    async fn handle(&self, cx: &Cx, input: ModifyLaunchTemplateRequest) -> Reply<ModifyLaunchTemplate> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let template = retrying!(modify(&records, &input))?;
        Ok(ModifyLaunchTemplateResult {
            launch_template: Some(template.to_api()),
        })
    }
}

async fn modify(records: &Records, input: &ModifyLaunchTemplateRequest) -> Result<LaunchTemplate> {
    let mut template = named(
        records,
        input.launch_template_id.as_deref(),
        input.launch_template_name.as_deref(),
    )
    .await?;
    let wanted = input
        .default_version
        .as_deref()
        .ok_or_else(|| error::missing("SetDefaultVersion"))?;
    template.record.default_version = templates::version(records, &template.record, wanted).await?.number;
    let mut txn = Txn::new();
    records.stage_change(&mut txn, &template)?;
    records.commit(txn).await?;
    Ok(template.record)
}
