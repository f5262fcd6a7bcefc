//! logs:ListLogGroups — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListLogGroups.html>

use api_logs::op::ListLogGroups;
use api_logs::{ListLogGroupsRequest, ListLogGroupsResponse, TagFilter};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::Logs;
use crate::listing::{MAX_PAGE, after, page_size};
use crate::records::Group;

impl Handle<ListLogGroups> for Logs {
    async fn needs(&self, _cx: &Cx, _input: &ListLogGroupsRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: ListLogGroupsRequest) -> Reply<ListLogGroups> {
        let filters = format!(
            "ListLogGroups {:?} {:?} {:?}",
            input.log_group_name_pattern, input.log_group_class, input.log_group_tags
        );
        let after = after(&filters, input.next_token.as_deref())?;
        let others = |accounts: &Vec<String>| !accounts.iter().any(|account| account == cx.account().as_str());
        // No group here has a data source or an indexed field, and no other account shows its groups.
        let nothing = input.data_sources.as_ref().is_some_and(|sources| !sources.is_empty())
            || input.field_index_names.as_ref().is_some_and(|names| !names.is_empty())
            || input.account_identifiers.as_ref().is_some_and(others);
        if nothing {
            return Ok(ListLogGroupsResponse {
                log_groups: Some(Vec::new()),
                next_token: None,
            });
        }
        let limit = page_size(input.limit, MAX_PAGE);
        let listed = self
            .list_groups(cx.place(), "", after.as_deref(), limit, |group| matches(group, &input))
            .await?;
        Ok(ListLogGroupsResponse {
            log_groups: Some(
                listed
                    .records
                    .iter()
                    .map(|group| group.to_summary(cx.place()))
                    .collect(),
            ),
            next_token: listed.next.map(|name| paging::token(&filters, &name)),
        })
    }
}

fn matches(group: &Group, input: &ListLogGroupsRequest) -> bool {
    let class = input
        .log_group_class
        .as_ref()
        .is_none_or(|class| *class == group.class.to_api());
    // AWS: alternatives that stand anywhere in the name, or at its beginning after `^`; letter case counts.
    let stands = |part: &str| match part.strip_prefix('^') {
        Some(head) => group.name.starts_with(head),
        None => group.name.contains(part),
    };
    let tagged = |filter: &TagFilter| match (group.tags.get(&filter.key), &filter.values) {
        (Some(value), Some(values)) if !values.is_empty() => values.iter().any(|wanted| wanted == value),
        (found, _) => found.is_some(),
    };
    class
        && input
            .log_group_name_pattern
            .as_ref()
            .is_none_or(|pattern| pattern.split('|').any(stands))
        && input
            .log_group_tags
            .as_ref()
            .is_none_or(|filters| filters.iter().all(tagged))
}
