//! ec2:AuthorizeSecurityGroupIngress —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html>

use api_ec2::op::AuthorizeSecurityGroupIngress;
use api_ec2::{AuthorizeSecurityGroupIngressRequest, AuthorizeSecurityGroupIngressResult, SecurityGroupRule};

use crate::groups;
use crate::prelude::*;
use crate::records::Direction;

const OPERATION: &str = "AuthorizeSecurityGroupIngress";
const KIND: &str = "security-group-rule";

impl Handle<AuthorizeSecurityGroupIngress> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &AuthorizeSecurityGroupIngressRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let tags = tags::wanted(input.tag_specifications.as_deref(), KIND);
        let rules = cx.place().arn("ec2", "security-group-rule/*");
        let needs = groups::needs(&records, input.group_id.as_deref(), input.group_name.as_deref()).await?;
        Ok(needs.and(records.needs_tagging(rules, OPERATION, &tags)))
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: AuthorizeSecurityGroupIngressRequest,
    ) -> Reply<AuthorizeSecurityGroupIngress> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let rules = retrying!(authorize(cx, &records, &input))?;
        Ok(AuthorizeSecurityGroupIngressResult {
            r#return: Some(true),
            security_group_rules: Some(rules),
        })
    }
}

async fn authorize(
    cx: &Cx,
    records: &Records,
    input: &AuthorizeSecurityGroupIngressRequest,
) -> Result<Vec<SecurityGroupRule>> {
    let group = groups::named(records, input.group_id.as_deref(), input.group_name.as_deref()).await?;
    let tags = tags::of_create(cx, input.tag_specifications.as_deref(), KIND)?;
    let given = groups::given_rules!(input);
    groups::authorize(cx, records, group, Direction::Ingress, given, &tags).await
}
