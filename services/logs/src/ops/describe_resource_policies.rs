//! logs:DescribeResourcePolicies — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeResourcePolicies.html>

use api_logs::op::DescribeResourcePolicies;
use api_logs::{DescribeResourcePoliciesRequest, DescribeResourcePoliciesResponse};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::listing::{MAX_PAGE, after, page_size};
use crate::{Logs, scope};

impl Handle<DescribeResourcePolicies> for Logs {
    async fn needs(&self, _: &Cx, _: &DescribeResourcePoliciesRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: DescribeResourcePoliciesRequest) -> Reply<DescribeResourcePolicies> {
        const FILTERS: &str = "DescribeResourcePolicies";
        let after = after(FILTERS, input.next_token.as_deref())?;
        let limit = page_size(input.limit, MAX_PAGE);
        // Policies of single groups are not kept, so that a call for those of one finds none.
        let all = match (&input.resource_arn, &input.policy_scope) {
            (Some(_), _) => Vec::new(),
            (None, Some(kind)) if kind.as_str() == "RESOURCE" => Vec::new(),
            _ => self.policies.list_all(scope(&cx.place())).await?,
        };
        let page = paging::page(all, |found| &found.record.name, after.as_deref(), limit);
        Ok(DescribeResourcePoliciesResponse {
            resource_policies: Some(page.items.iter().map(|found| found.record.to_api()).collect()),
            next_token: page.next.map(|name| paging::token(FILTERS, &name)),
        })
    }
}
