//! ec2:RevokeSecurityGroupIngress —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html>

use api_ec2::op::RevokeSecurityGroupIngress;
use api_ec2::{RevokeSecurityGroupIngressRequest, RevokeSecurityGroupIngressResult};

use crate::groups;
use crate::prelude::*;
use crate::records::Direction;

impl Handle<RevokeSecurityGroupIngress> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &RevokeSecurityGroupIngressRequest) -> Result<Needs> {
        groups::needs(&self.peek(cx), input.group_id.as_deref(), input.group_name.as_deref()).await
    }

    async fn handle(&self, cx: &Cx, input: RevokeSecurityGroupIngressRequest) -> Reply<RevokeSecurityGroupIngress> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(revoke(&records, &input))
    }
}

async fn revoke(records: &Records, input: &RevokeSecurityGroupIngressRequest) -> Reply<RevokeSecurityGroupIngress> {
    let group = groups::named(records, input.group_id.as_deref(), input.group_name.as_deref()).await?;
    let given = groups::given_rules!(input);
    let ids = input.security_group_rule_ids.clone();
    let (revoked, unknown) = groups::revoke(records, group, Direction::Ingress, ids, given).await?;
    Ok(RevokeSecurityGroupIngressResult {
        r#return: Some(true),
        unknown_ip_permissions: Some(unknown),
        revoked_security_group_rules: Some(revoked),
    })
}
