//! ec2:DescribeSecurityGroupRules —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroupRules.html>

use api_ec2::op::DescribeSecurityGroupRules;
use api_ec2::{DescribeSecurityGroupRulesRequest, DescribeSecurityGroupRulesResult};

use crate::groups::no_rule;
use crate::prelude::*;
use crate::records::{Group, RuleOfGroup, well_formed};

impl Handle<DescribeSecurityGroupRules> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeSecurityGroupRulesRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeSecurityGroupRulesRequest) -> Reply<DescribeSecurityGroupRules> {
        let listing = Listing::parse::<RuleOfGroup>(
            "DescribeSecurityGroupRules",
            input.filters,
            input.max_results,
            input.next_token,
        )?;
        dry_run(input.dry_run)?;
        let groups = self.records(cx).await?.all::<Group>().await?;
        let of_group = |group: Group| {
            let id = group.id;
            group.rules.into_iter().map(move |rule| RuleOfGroup {
                group: id.clone(),
                rule,
            })
        };
        let mut found: Vec<RuleOfGroup> = groups.into_iter().flat_map(of_group).collect();
        if let Some(ids) = input.security_group_rule_ids.filter(|ids| !ids.is_empty()) {
            for id in &ids {
                if !well_formed("sgr", id) {
                    return Err(error::malformed("InvalidSecurityGroupRuleId.Malformed", id).into());
                }
                if !found.iter().any(|known| known.rule.id == *id) {
                    return Err(no_rule(id).into());
                }
            }
            found.retain(|known| ids.contains(&known.rule.id));
        }
        let (rules, next_token) = listing.cut(cx.place(), found, |known| &known.rule.id);
        let rules = rules
            .iter()
            .map(|known| known.rule.to_api(cx.place(), &known.group))
            .collect();
        Ok(DescribeSecurityGroupRulesResult {
            next_token,
            security_group_rules: Some(rules),
        })
    }
}
