//! ec2:CreateSecurityGroup — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>

use api_ec2::op::CreateSecurityGroup;
use api_ec2::{CreateSecurityGroupRequest, CreateSecurityGroupResult};
use roadstead_store::Guard;

use crate::default_vpc::{allow_all, everywhere};
use crate::groups::no_default_vpc;
use crate::limits;
use crate::prelude::*;
use crate::records::{DEFAULT_GROUP, Direction, Group, Vpc};

/// Longest name and description.
const MAX_TEXT: usize = 255;
/// What names and descriptions may hold besides letters and digits.
const MARKS: &str = " ._-:/()#,@[]+=&;{}!$*";

impl Handle<CreateSecurityGroup> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &CreateSecurityGroupRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let tags = tags::wanted(input.tag_specifications.as_deref(), Group::KIND);
        let needs = records.needs_new::<Group>("CreateSecurityGroup", &tags);
        match &input.vpc_id {
            Some(vpc) => records.also_on::<Vpc>(needs, vpc).await,
            None => Ok(needs),
        }
    }

    async fn handle(&self, cx: &Cx, input: CreateSecurityGroupRequest) -> Reply<CreateSecurityGroup> {
        check_text("groupName", &input.group_name)?;
        check_text("groupDescription", &input.description)?;
        if input.group_name.starts_with("sg-") {
            return Err(error::invalid(format!(
                "Invalid value '{}' for groupName. The group name cannot start with sg-.",
                input.group_name
            ))
            .into());
        }
        if input.group_name == DEFAULT_GROUP {
            return Err(error::client("InvalidGroup.Reserved", "The security group 'default' is reserved").into());
        }
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let group = retrying!(create(cx, &records, &input))?;
        Ok(CreateSecurityGroupResult {
            security_group_arn: Some(records.arn::<Group>(&group.id)),
            tags: Some(tags::to_api(&group.tags)),
            group_id: Some(group.id),
        })
    }
}

async fn create(cx: &Cx, records: &Records, input: &CreateSecurityGroupRequest) -> Result<Group> {
    let vpc = match input.vpc_id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => records.get::<Vpc>(id).await?.record,
        None => {
            let all = records.all::<Vpc>().await?;
            all.into_iter().find(|vpc| vpc.is_default).ok_or_else(no_default_vpc)?
        }
    };
    let table = records.table::<Group>();
    let known = table.list(records.scope(), &[], None, usize::MAX).await?;
    let name = &input.group_name;
    if known
        .records
        .iter()
        .any(|known| known.record.vpc == vpc.id && known.record.name == *name)
    {
        return Err(error::client(
            "InvalidGroup.Duplicate",
            format!("The security group '{name}' already exists for VPC '{}'", vpc.id),
        )
        .into());
    }
    limits::SECURITY_GROUPS.check(known.records.len())?;
    let group = Group {
        id: cx.ids().ec2("sg"),
        name: name.clone(),
        description: input.description.clone(),
        vpc: vpc.id,
        rules: vec![allow_all(cx.ids().ec2("sgr"), Direction::Egress, everywhere())],
        tags: tags::of_create(cx, input.tag_specifications.as_deref(), Group::KIND)?,
    };
    let mut txn = Txn::new();
    // The name is unique only as long as no group was added since they were read.
    let prefix = roadstead_store::Table::<Group>::prefix(records.scope(), &[]);
    txn.push_guard(Guard::Unwritten {
        prefix,
        since: known.revision,
    });
    records.require::<Vpc>(&mut txn, &group.vpc);
    records.stage_link(&mut txn, &group.vpc, &group.id)?;
    records.stage_new(&mut txn, &group)?;
    records.commit(txn).await?;
    Ok(group)
}

fn check_text(parameter: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(error::missing(parameter).into());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || MARKS.contains(c);
    if text.chars().count() > MAX_TEXT || !text.chars().all(allowed) {
        return Err(error::invalid(format!(
            "Value ({text}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported."
        ))
        .into());
    }
    Ok(())
}
