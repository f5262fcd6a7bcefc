//! ssm:GetParameterHistory — <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameterHistory.html>

use api_ssm::op::GetParameterHistory;
use api_ssm::{GetParameterHistoryRequest, GetParameterHistoryResult};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::error::invalid_token;
use crate::listing::{after, page_size};
use crate::name::Named;
use crate::{Ssm, reveal};

/// The largest page, and the page of a caller who asks for none in particular.
const PAGE: usize = 50;

impl Handle<GetParameterHistory> for Ssm {
    async fn needs(&self, cx: &Cx, input: &GetParameterHistoryRequest) -> Result<Needs> {
        self.needs_on(cx, &Named::parse(&input.name)).await
    }

    async fn handle(&self, cx: &Cx, input: GetParameterHistoryRequest) -> Reply<GetParameterHistory> {
        let parameter = self.parameter(cx, &Named::parse(&input.name)).await?;
        let call = format!("GetParameterHistory {}", parameter.name);
        let last: u64 = match after(&call, input.next_token.as_deref())? {
            Some(number) => number.parse().map_err(|_| invalid_token())?,
            None => 0,
        };
        let limit = page_size(input.max_results, PAGE);
        let first = parameter.oldest.max(last + 1);
        let end = u64::try_from(limit).map_or(u64::MAX, |limit| first.saturating_add(limit));
        let end = end.min(parameter.latest.number + 1);
        let decrypt = input.with_decryption == Some(true);
        let mut history = Vec::new();
        for number in first..end {
            // One that a write meanwhile let go of is not told any more.
            if let Some(version) = self.version(cx, &parameter, number).await? {
                let value = reveal(cx, &parameter.name, &version, decrypt)?;
                history.push(parameter.to_history(&version, value));
            }
        }
        let more = end <= parameter.latest.number;
        Ok(GetParameterHistoryResult {
            parameters: Some(history),
            next_token: more.then(|| paging::token(&call, &(end - 1).to_string())),
        })
    }
}
