//! ec2:UpdateSecurityGroupRuleDescriptionsIngress —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsIngress.html>

use api_ec2::op::UpdateSecurityGroupRuleDescriptionsIngress;
use api_ec2::{UpdateSecurityGroupRuleDescriptionsIngressRequest, UpdateSecurityGroupRuleDescriptionsIngressResult};

use crate::prelude::*;
use crate::records::Direction;
use crate::{groups, rule_changes};

impl Handle<UpdateSecurityGroupRuleDescriptionsIngress> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &UpdateSecurityGroupRuleDescriptionsIngressRequest) -> Result<Needs> {
        groups::needs(&self.peek(cx), input.group_id.as_deref(), input.group_name.as_deref()).await
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: UpdateSecurityGroupRuleDescriptionsIngressRequest,
    ) -> Reply<UpdateSecurityGroupRuleDescriptionsIngress> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(describe(&records, &input))?;
        Ok(UpdateSecurityGroupRuleDescriptionsIngressResult { r#return: Some(true) })
    }
}

async fn describe(records: &Records, input: &UpdateSecurityGroupRuleDescriptionsIngressRequest) -> Result<()> {
    let group = groups::named(records, input.group_id.as_deref(), input.group_name.as_deref()).await?;
    let descriptions = input.security_group_rule_descriptions.as_deref();
    rule_changes::describe(
        records,
        group,
        Direction::Ingress,
        input.ip_permissions.clone(),
        descriptions,
    )
    .await
}
