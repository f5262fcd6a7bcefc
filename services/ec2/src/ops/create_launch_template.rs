//! ec2:CreateLaunchTemplate — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html>

use api_ec2::op::CreateLaunchTemplate;
use api_ec2::{CreateLaunchTemplateRequest, CreateLaunchTemplateResult};

use crate::idempotency;
use crate::prelude::*;
use crate::records::{LaunchTemplate, TemplateData};
use crate::templates::{name_key, stage_version};

pub(super) const CREATE: &str = "CreateLaunchTemplate";

impl Handle<CreateLaunchTemplate> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &CreateLaunchTemplateRequest) -> Result<Needs> {
        let tags = tags::wanted(input.tag_specifications.as_deref(), LaunchTemplate::KIND);
        Ok(self.peek(cx).needs_new::<LaunchTemplate>(CREATE, &tags))
    }

    async fn handle(&self, cx: &Cx, input: CreateLaunchTemplateRequest) -> Reply<CreateLaunchTemplate> {
        check_name(&input.launch_template_name)?;
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let template = retrying!(create(cx, &records, &input))?;
        Ok(CreateLaunchTemplateResult {
            launch_template: Some(template.to_api()),
            warning: None,
        })
    }
}

async fn create(cx: &Cx, records: &Records, input: &CreateLaunchTemplateRequest) -> Result<LaunchTemplate> {
    let token = input.client_token.as_deref().filter(|token| !token.is_empty());
    let data = TemplateData::read(input.launch_template_data.clone())?;
    let request = format!("{:?}", (&input.launch_template_name, &input.version_description, &data));
    if let Some(made) = idempotency::made(records, CREATE, token, &request).await? {
        return Ok(records.get::<LaunchTemplate>(&made).await?.record);
    }
    let name = &input.launch_template_name;
    if !records.linked(&name_key(name)).await?.is_empty() {
        return Err(error::client(
            "InvalidLaunchTemplateName.AlreadyExistsException",
            "Launch template name already in use.",
        )
        .into());
    }
    let template = LaunchTemplate {
        id: cx.ids().ec2("lt"),
        name: name.clone(),
        created: cx.now().cut_to_secs(),
        created_by: cx.caller().arn().to_owned(),
        default_version: 1,
        latest_version: 1,
        client_token: token.map(str::to_owned),
        tags: tags::of_create(cx, input.tag_specifications.as_deref(), LaunchTemplate::KIND)?,
    };
    let mut txn = Txn::new();
    idempotency::stage(records, &mut txn, CREATE, token, &request, &template.id)?;
    records.require_unlinked(&mut txn, &name_key(name));
    records.stage_link(&mut txn, &name_key(name), &template.id)?;
    stage_version(
        cx,
        records,
        &mut txn,
        &template,
        input.version_description.clone(),
        data,
    )?;
    records.stage_new(&mut txn, &template)?;
    records.commit(txn).await?;
    Ok(template)
}

fn check_name(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_./()".contains(c);
    if !(3..=128).contains(&name.chars().count()) || !name.chars().all(allowed) {
        return Err(error::client(
            "InvalidLaunchTemplateName.MalformedException",
            "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the \
             following characters: - ( ) . / _.",
        )
        .into());
    }
    Ok(())
}
