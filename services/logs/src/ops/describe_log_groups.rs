//! logs:DescribeLogGroups — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html>

use api_logs::op::DescribeLogGroups;
use api_logs::{DescribeLogGroupsRequest, DescribeLogGroupsResponse};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::arn::{group_in_policies, named_group};
use crate::error::invalid;
use crate::listing::{MAX_PAGE, after, page_size};
use crate::records::Group;
use crate::{Logs, scope};

impl Handle<DescribeLogGroups> for Logs {
    async fn needs(&self, cx: &Cx, input: &DescribeLogGroupsRequest) -> Result<Needs> {
        // AWS: decided once for the prefix, empty without one, and not for each group that is answered.
        let prefix = input.log_group_name_prefix.as_deref().unwrap_or_default();
        Ok(Needs::on(group_in_policies(cx.place(), prefix)))
    }

    async fn handle(&self, cx: &Cx, input: DescribeLogGroupsRequest) -> Reply<DescribeLogGroups> {
        let place = cx.place();
        if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
            return Err(invalid(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
            ));
        }
        if let Some(identifiers) = &input.log_group_identifiers {
            return self.describe_named(cx, &input, identifiers).await;
        }
        let prefix = input.log_group_name_prefix.as_deref().unwrap_or_default();
        let pattern = input.log_group_name_pattern.as_deref().map(str::to_ascii_lowercase);
        let filters = format!("DescribeLogGroups {prefix:?} {pattern:?} {:?}", input.log_group_class);
        let after = after(&filters, input.next_token.as_deref())?;
        let limit = page_size(input.limit, MAX_PAGE);
        let keep = |group: &Group| {
            let class = input
                .log_group_class
                .as_ref()
                .is_none_or(|class| *class == group.class.to_api());
            class
                && pattern
                    .as_ref()
                    .is_none_or(|part| group.name.to_ascii_lowercase().contains(part.as_str()))
        };
        let listed = match &input.account_identifiers {
            // AWS: other accounts' groups show in a monitoring account only, which nobody is here.
            Some(accounts) if !accounts.iter().any(|account| account == cx.account().as_str()) => Vec::new(),
            _ => {
                let listed = self.list_groups(place, prefix, after.as_deref(), limit, keep).await?;
                return Ok(answer(
                    cx,
                    &listed.records,
                    listed.next.map(|name| paging::token(&filters, &name)),
                ));
            }
        };
        Ok(answer(cx, &listed, None))
    }
}

impl Logs {
    /// The groups of a list of identifiers, as far as they exist.
    async fn describe_named(
        &self,
        cx: &Cx,
        input: &DescribeLogGroupsRequest,
        identifiers: &[String],
    ) -> Result<DescribeLogGroupsResponse> {
        if input.log_group_name_prefix.is_some() || input.log_group_name_pattern.is_some() || input.next_token.is_some()
        {
            return Err(invalid(
                "logGroupIdentifiers cannot be combined with a name prefix, a name pattern or a token.",
            ));
        }
        let mut groups = Vec::new();
        for identifier in identifiers {
            let name = named_group(cx.place(), None, Some(identifier))?;
            groups.extend(
                self.groups
                    .get(scope(&cx.place()), &[&name])
                    .await?
                    .map(|found| found.record),
            );
        }
        Ok(answer(cx, &groups, None))
    }
}

fn answer(cx: &Cx, groups: &[Group], next_token: Option<String>) -> DescribeLogGroupsResponse {
    DescribeLogGroupsResponse {
        log_groups: Some(groups.iter().map(|group| group.to_api(cx.place())).collect()),
        next_token,
    }
}
