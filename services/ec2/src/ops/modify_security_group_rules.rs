//! ec2:ModifySecurityGroupRules —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySecurityGroupRules.html>

use api_ec2::op::ModifySecurityGroupRules;
use api_ec2::{ModifySecurityGroupRulesRequest, ModifySecurityGroupRulesResult};

use crate::prelude::*;
use crate::records::Group;
use crate::{groups, rule_changes};

impl Handle<ModifySecurityGroupRules> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &ModifySecurityGroupRulesRequest) -> Result<Needs> {
        let mut needs = groups::needs(&self.peek(cx), Some(&input.group_id), None).await?;
        for update in &input.security_group_rules {
            let rule = format!("security-group-rule/{}", update.security_group_rule_id);
            needs = needs.also_on(cx.place().arn("ec2", rule));
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: ModifySecurityGroupRulesRequest) -> Reply<ModifySecurityGroupRules> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(modify(&records, &input))?;
        Ok(ModifySecurityGroupRulesResult { r#return: Some(true) })
    }
}

async fn modify(records: &Records, input: &ModifySecurityGroupRulesRequest) -> Result<()> {
    let group = records.get::<Group>(&input.group_id).await?;
    rule_changes::modify(records, group, &input.security_group_rules).await
}
