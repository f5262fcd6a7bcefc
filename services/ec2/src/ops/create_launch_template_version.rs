//! ec2:CreateLaunchTemplateVersion —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html>

use api_ec2::op::CreateLaunchTemplateVersion;
use api_ec2::{CreateLaunchTemplateVersionRequest, CreateLaunchTemplateVersionResult};

use crate::prelude::*;
use crate::records::{TemplateData, TemplateVersion};
use crate::templates::{self, named, stage_version};

impl Handle<CreateLaunchTemplateVersion> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &CreateLaunchTemplateVersionRequest) -> Result<Needs> {
        let (id, name) = (
            input.launch_template_id.as_deref(),
            input.launch_template_name.as_deref(),
        );
        templates::needs(&self.peek(cx), id, name).await
    }

    async fn handle(&self, cx: &Cx, input: CreateLaunchTemplateVersionRequest) -> Reply<CreateLaunchTemplateVersion> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let version = retrying!(create(cx, &records, &input))?;
        Ok(CreateLaunchTemplateVersionResult {
            launch_template_version: Some(version.to_api()),
            warning: None,
        })
    }
}

async fn create(cx: &Cx, records: &Records, input: &CreateLaunchTemplateVersionRequest) -> Result<TemplateVersion> {
    let mut template = named(
        records,
        input.launch_template_id.as_deref(),
        input.launch_template_name.as_deref(),
    )
    .await?;
    let mut data = TemplateData::read(input.launch_template_data.clone())?;
    if let Some(source) = &input.source_version {
        data = data.over(templates::version(records, &template.record, source).await?.data);
    }
    template.record.latest_version += 1;
    let mut txn = Txn::new();
    let description = input.version_description.clone();
    let version = stage_version(cx, records, &mut txn, &template.record, description, data)?;
    records.stage_change(&mut txn, &template)?;
    records.commit(txn).await?;
    Ok(version)
}
