//! ec2:DeleteSecurityGroup — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html>

use api_ec2::op::DeleteSecurityGroup;
use api_ec2::{DeleteSecurityGroupRequest, DeleteSecurityGroupResult};

use crate::groups;
use crate::prelude::*;
use crate::records::DEFAULT_GROUP;

impl Handle<DeleteSecurityGroup> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DeleteSecurityGroupRequest) -> Result<Needs> {
        groups::needs(&self.peek(cx), input.group_id.as_deref(), input.group_name.as_deref()).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteSecurityGroupRequest) -> Reply<DeleteSecurityGroup> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let id = retrying!(delete(&records, &input))?;
        Ok(DeleteSecurityGroupResult {
            r#return: Some(true),
            group_id: Some(id),
        })
    }
}

async fn delete(records: &Records, input: &DeleteSecurityGroupRequest) -> Result<String> {
    let group = groups::named(records, input.group_id.as_deref(), input.group_name.as_deref()).await?;
    let id = group.record.id.clone();
    if group.record.name == DEFAULT_GROUP {
        let text = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(error::client("CannotDelete", text).into());
    }
    if !records.linked(&id).await?.is_empty() {
        return Err(error::dependency(format!("resource {id} has a dependent object")).into());
    }
    let mut txn = Txn::new();
    records.require_unlinked(&mut txn, &id);
    for named in group.record.referenced() {
        records.stage_unlink(&mut txn, named, &id);
    }
    records.stage_unlink(&mut txn, &group.record.vpc, &id);
    records.stage_gone(&mut txn, &group);
    records.commit(txn).await?;
    Ok(id)
}
