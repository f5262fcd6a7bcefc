//! ec2:RevokeSecurityGroupEgress —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupEgress.html>

use api_ec2::op::RevokeSecurityGroupEgress;
use api_ec2::{RevokeSecurityGroupEgressRequest, RevokeSecurityGroupEgressResult};

use crate::groups;
use crate::prelude::*;
use crate::records::Direction;

impl Handle<RevokeSecurityGroupEgress> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &RevokeSecurityGroupEgressRequest) -> Result<Needs> {
        groups::needs(&self.peek(cx), Some(&input.group_id), None).await
    }

    async fn handle(&self, cx: &Cx, input: RevokeSecurityGroupEgressRequest) -> Reply<RevokeSecurityGroupEgress> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(revoke(&records, &input))
    }
}

async fn revoke(records: &Records, input: &RevokeSecurityGroupEgressRequest) -> Reply<RevokeSecurityGroupEgress> {
    let group = groups::named(records, Some(&input.group_id), None).await?;
    let given = groups::given_rules!(input);
    let ids = input.security_group_rule_ids.clone();
    let (revoked, unknown) = groups::revoke(records, group, Direction::Egress, ids, given).await?;
    Ok(RevokeSecurityGroupEgressResult {
        r#return: Some(true),
        unknown_ip_permissions: Some(unknown),
        revoked_security_group_rules: Some(revoked),
    })
}
