//! iam:GetAccountAuthorizationDetails — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html>

use api_iam::GetAccountAuthorizationDetailsRequest;
use api_iam::op::GetAccountAuthorizationDetails;

use crate::prelude::*;

impl Handle<GetAccountAuthorizationDetails> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &GetAccountAuthorizationDetailsRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: GetAccountAuthorizationDetailsRequest,
    ) -> Reply<GetAccountAuthorizationDetails> {
        self.details(cx, input.filter.as_deref(), input.marker.as_deref(), input.max_items)
            .await
    }
}
