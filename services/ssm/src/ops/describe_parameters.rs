//! ssm:DescribeParameters — <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html>

use api_ssm::op::DescribeParameters;
use api_ssm::{DescribeParametersRequest, DescribeParametersResult};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::Ssm;
use crate::error::invalid;
use crate::filters;
use crate::listing::{after, page_size};

/// The largest page, and the page of a caller who asks for none in particular.
const PAGE: usize = 50;
/// What can be filtered by.
const KEYS: [&str; 7] = ["Path", "Name", "Type", "KeyId", "Tier", "DataType", "tag:"];

impl Handle<DescribeParameters> for Ssm {
    async fn needs(&self, cx: &Cx, _: &DescribeParametersRequest) -> Result<Needs> {
        Ok(Needs::on(cx.place().arn("ssm", "*")))
    }

    async fn handle(&self, cx: &Cx, input: DescribeParametersRequest) -> Reply<DescribeParameters> {
        let (old, new) = (
            input.filters.as_deref().unwrap_or_default(),
            input.parameter_filters.as_deref().unwrap_or_default(),
        );
        if !old.is_empty() && !new.is_empty() {
            return Err(invalid(
                "You can use either Filters or ParameterFilters in a single request.",
            ));
        }
        let mut wanted = filters::parse(new, &KEYS)?;
        wanted.append(&mut filters::parse_old(old));
        let call = format!("DescribeParameters {wanted:?}");
        let after = after(&call, input.next_token.as_deref())?;
        // AWS: parameters of other accounts are shown instead of the caller's; there are none here.
        let shared = input.shared == Some(true);
        let listed = self
            .list(
                cx.place(),
                filters::common_prefix(&wanted),
                after.as_deref(),
                page_size(input.max_results, PAGE),
                |parameter| !shared && wanted.iter().all(|filter| filter.passes(parameter)),
            )
            .await?;
        let parameters = listed.parameters.iter().map(|found| found.to_metadata(cx.place()));
        Ok(DescribeParametersResult {
            parameters: Some(parameters.collect()),
            next_token: listed.next.map(|name| paging::token(&call, &name)),
        })
    }
}
