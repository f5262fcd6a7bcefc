//! ec2:AuthorizeSecurityGroupEgress —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupEgress.html>

use api_ec2::op::AuthorizeSecurityGroupEgress;
use api_ec2::{AuthorizeSecurityGroupEgressRequest, AuthorizeSecurityGroupEgressResult, SecurityGroupRule};

use crate::groups;
use crate::prelude::*;
use crate::records::Direction;

const OPERATION: &str = "AuthorizeSecurityGroupEgress";
const KIND: &str = "security-group-rule";

impl Handle<AuthorizeSecurityGroupEgress> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &AuthorizeSecurityGroupEgressRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let tags = tags::wanted(input.tag_specifications.as_deref(), KIND);
        let rules = cx.place().arn("ec2", "security-group-rule/*");
        let needs = groups::needs(&records, Some(&input.group_id), None).await?;
        Ok(needs.and(records.needs_tagging(rules, OPERATION, &tags)))
    }

    async fn handle(&self, cx: &Cx, input: AuthorizeSecurityGroupEgressRequest) -> Reply<AuthorizeSecurityGroupEgress> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let rules = retrying!(authorize(cx, &records, &input))?;
        Ok(AuthorizeSecurityGroupEgressResult {
            r#return: Some(true),
            security_group_rules: Some(rules),
        })
    }
}

async fn authorize(
    cx: &Cx,
    records: &Records,
    input: &AuthorizeSecurityGroupEgressRequest,
) -> Result<Vec<SecurityGroupRule>> {
    let group = groups::named(records, Some(&input.group_id), None).await?;
    let tags = tags::of_create(cx, input.tag_specifications.as_deref(), KIND)?;
    let given = groups::given_rules!(input);
    groups::authorize(cx, records, group, Direction::Egress, given, &tags).await
}
