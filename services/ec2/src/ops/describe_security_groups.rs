//! ec2:DescribeSecurityGroups — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html>

use api_ec2::op::DescribeSecurityGroups;
use api_ec2::{DescribeSecurityGroupsRequest, DescribeSecurityGroupsResult};

use crate::groups::named;
use crate::prelude::*;
use crate::records::Group;

impl Handle<DescribeSecurityGroups> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeSecurityGroupsRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeSecurityGroupsRequest) -> Reply<DescribeSecurityGroups> {
        let listing = Listing::parse::<Group>(
            "DescribeSecurityGroups",
            input.filters,
            input.max_results,
            input.next_token,
        )?;
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let names = input.group_names.unwrap_or_default();
        let mut found = match &input.group_ids {
            None if !names.is_empty() => Vec::new(),
            ids => records.gather::<Group>(ids.as_deref()).await?,
        };
        for name in &names {
            let group = named(&records, None, Some(name)).await?.record;
            if !found.iter().any(|known| known.id == group.id) {
                found.push(group);
            }
        }
        let (groups, next_token) = listing.cut(cx.place(), found, Group::id);
        let groups = groups.iter().map(|group| group.to_api(cx.place())).collect();
        Ok(DescribeSecurityGroupsResult {
            next_token,
            security_groups: Some(groups),
        })
    }
}
