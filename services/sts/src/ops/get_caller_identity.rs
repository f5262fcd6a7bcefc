//! sts:GetCallerIdentity — <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>

use api_sts::op::GetCallerIdentity;
use api_sts::{GetCallerIdentityRequest, GetCallerIdentityResponse};

use crate::prelude::*;

impl Handle<GetCallerIdentity> for Sts {
    async fn needs(&self, _cx: &Cx, _input: &GetCallerIdentityRequest) -> Result<Needs> {
        Ok(Needs::nothing())
    }

    async fn handle(&self, cx: &Cx, _input: GetCallerIdentityRequest) -> Reply<GetCallerIdentity> {
        let caller = cx.caller();
        Ok(GetCallerIdentityResponse {
            user_id: Some(caller.user_id().to_owned()),
            account: Some(caller.account().to_string()),
            arn: Some(caller.arn().to_owned()),
        })
    }
}
