//! iam:GetAccountSummary — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html>

use api_iam::GetAccountSummaryResponse;
use api_iam::op::GetAccountSummary;

use crate::prelude::*;

impl Handle<GetAccountSummary> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &Empty) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, _input: Empty) -> Reply<GetAccountSummary> {
        Ok(GetAccountSummaryResponse {
            summary_map: Some(self.summary(cx.account()).await?),
        })
    }
}
